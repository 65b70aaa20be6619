package import JSON

/// The table of a document as JSON Schema 2020-12, which editors use to complete and check.
///
/// It is never stricter than the parser; what it cannot say (values that depend on each other) the parser alone checks.
package struct JSONSchema {
    private let table: SchemaObject

    package init(_ table: SchemaObject) { self.table = table }

    /// The schema of an object with these keys; `$schema` is taken besides, as editors want to put it there.
    package var json: JSON { schema(of: table, isRoot: true) }

    private func schema(of object: SchemaObject, isRoot: Bool = false) -> JSON {
        var properties: [(name: String, json: JSON)] = object.keys.map { ($0.name, schema(of: $0)) }
        if isRoot {
            properties.append(
                (
                    "$schema",
                    .object(named: [("type", .string("string")), ("description", .string("Where this schema is."))])
                ))
        }
        let required = object.keys.filter { if case .required = $0.presence { true } else { false } }.map(\.name)
        var members: [(name: String, json: JSON)] = [
            ("type", .string("object")), ("properties", .object(named: properties)),
        ]
        if !required.isEmpty { members.append(("required", .array(required.map { .string($0) }))) }
        members.append(("additionalProperties", .bool(false)))
        return .object(named: members)
    }

    private func schema(of key: SchemaKey) -> JSON {
        var members: [(name: String, json: JSON)] = [("description", .string(key.summary))]
        members += schema(of: key.kind)
        if case .defaulting(let value) = key.presence { members.append(("default", value)) }
        return .object(named: members)
    }

    private func schema(of kind: SchemaKind) -> [(name: String, json: JSON)] {
        switch kind {
        case .text(let rule): schema(of: rule) + [("examples", .array([.string(rule.example)]))]
        case .choice(let choices):
            [("enum", .array(choices.map { .string($0.name) }))]
        case .integer(let range, _):
            [
                ("type", .string("integer")), ("minimum", .integer(range.lowerBound)),
                ("maximum", .integer(range.upperBound)),
            ]
        case .integerChoice(let numbers, _): [("enum", .array(numbers.map { .integer($0) }))]
        case .size(let range, let powerOfTwo): size(range, powerOfTwo)
        case .time(let range): time(range)
        case .boolean: [("type", .string("boolean"))]
        case .list(let element, let count):
            [
                ("type", .string("array")), ("items", .object(named: schema(of: element))),
                ("minItems", .integer(count.lowerBound)), ("maxItems", .integer(count.upperBound)),
            ]
        case .object(let object):
            schema(of: object).members.map { $0.map { (String(decoding: $0.name, as: UTF8.self), $0.json) } } ?? []
        case .document: [("type", .string("object"))]
        case .map(let name, let value, let most):
            [
                ("type", .string("object")), ("maxProperties", .integer(most)),
                ("propertyNames", .object(named: schema(of: name))),
                ("additionalProperties", .object(named: schema(of: value))),
            ]
        }
    }

    private func schema(of rule: TextRule) -> [(name: String, json: JSON)] {
        var members: [(name: String, json: JSON)] = [
            ("type", .string("string")), ("minLength", .integer(rule.length.lowerBound)),
            ("maxLength", .integer(rule.length.upperBound)),
        ]
        if let pattern = rule.pattern { members.append(("pattern", .string("^(?:\(pattern))$"))) }
        return members
    }

    /// A second as a number or as text; which days a month has is beyond a pattern.
    private func time(_ range: ClosedRange<Int>) -> [(name: String, json: JSON)] {
        let text = JSON.object(named: [
            ("type", .string("string")),
            ("pattern", .string("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$")),
        ])
        return [("anyOf", .array([.object(named: schema(of: .integer(range, unit: "seconds"))), text]))]
    }

    /// Bytes as a number or as text.
    ///
    /// What the text comes to is beyond a pattern, so only the number has its range.
    private func size(_ range: ClosedRange<Int>, _ powerOfTwo: Bool) -> [(name: String, json: JSON)] {
        var number = schema(of: .integer(range, unit: "bytes"))
        if powerOfTwo {
            let powers = (0..<62).map { 1 << $0 }.filter(range.contains)
            number = [("enum", .array(powers.map { .integer($0) }))]
        }
        let pattern = "^[0-9]+(?:\(ByteSize.units.map(\.name).joined(separator: "|")))?$"
        let text = JSON.object(named: [("type", .string("string")), ("pattern", .string(pattern))])
        return [("anyOf", .array([.object(named: number), text]))]
    }
}
