internal import JSON

/// Holds a document against its table and gives back its canonical form.
///
/// In the canonical form every key stands in the table's order, absent ones have their defaults, sizes are bytes and times seconds:
/// two documents that say the same have the same canonical form.
struct SchemaCheck {
    let file: String
    /// Where each value stood, by its path: `function.memory`, `input[0].path`.
    private(set) var positions: [String: JSON.Position] = [:]
    private let root: SchemaObject

    init(file: String, root: SchemaObject) {
        self.file = file
        self.root = root
    }

    /// Checks a whole document, or one function of it.
    mutating func canonical(_ json: JSON) throws(RecipeError) -> JSON {
        try check(json, .object(root), path: "")
    }

    private mutating func check(_ json: JSON, _ kind: SchemaKind, path: String) throws(RecipeError) -> JSON {
        positions[path] = json.position
        switch kind {
        case .object(let object): return try check(json, object, path: path)
        case .list(let element, let count): return try check(json, listOf: element, count: count, path: path)
        case .map(let name, let value, let most): return try check(json, name, value, most: most, path: path)
        case .text(let rule): return try check(json, rule, path: path)
        case .choice(let choices): return try check(json, choices, path: path)
        case .integer(let range, _):
            let number = try integer(json, kind, path: path)
            guard range.contains(number) else { throw outOfRange(json, "\(number)", kind, path) }
        case .integerChoice(let numbers, _):
            let number = try integer(json, kind, path: path)
            guard numbers.contains(number) else { throw outOfRange(json, "\(number)", kind, path) }
        case .size(let range, let powerOfTwo): return try check(json, range, powerOfTwo, kind, path: path)
        case .time(let range): return try check(json, range, kind, path: path)
        case .document(let most):
            guard json.members != nil else { throw wrongType(json, kind, path) }
            let bytes = json.text().count
            guard bytes <= most else { throw outOfRange(json, "\(bytes) bytes", kind, path) }
        case .boolean:
            guard json.bool != nil else { throw wrongType(json, kind, path) }
        }
        return json
    }

    // MARK: Objects, lists and maps

    private mutating func check(_ json: JSON, _ object: SchemaObject, path: String) throws(RecipeError) -> JSON {
        guard let members = json.members else { throw wrongType(json, .object(object), path) }
        for member in members {
            let name = String(decoding: member.name, as: UTF8.self)
            if path.isEmpty, name == "$schema" { continue }
            guard object.keys.contains(where: { $0.name == name })
            else { throw unknownKey(name, object, at: member.namePosition) }
        }
        var canonical: [JSON.Member] = []
        for key in object.keys {
            let name = [UInt8](key.name.utf8)
            let inner = path.isEmpty ? key.name : "\(path).\(key.name)"
            if let member = members.first(where: { $0.name == name }) {
                canonical.append(JSON.Member(name: name, json: try check(member.json, key.kind, path: inner)))
                continue
            }
            switch key.presence {
            case .optional: continue
            case .required: throw missing(key, object, at: json.position)
            case .defaulting(let value):
                canonical.append(JSON.Member(name: name, json: try check(value, key.kind, path: inner)))
            }
        }
        return JSON(.object(canonical), at: json.position)
    }

    private mutating func check(
        _ json: JSON, listOf element: SchemaKind, count: ClosedRange<Int>, path: String
    ) throws(RecipeError) -> JSON {
        guard let elements = json.array else {
            let hint: String? = if case .text = element, json.utf8 != nil { "put it in brackets: [\"…\"]" } else { nil }
            throw wrongType(json, .list(element, count: count), path, hint: hint)
        }
        guard count.contains(elements.count) else {
            throw RecipeError(
                .outOfRange, "‘\(path)’ has \(elements.count) elements, but must have \(Self.range(count))",
                file: file, at: json.position)
        }
        var canonical: [JSON] = []
        for (index, json) in elements.enumerated() {
            canonical.append(try check(json, element, path: "\(path)[\(index)]"))
        }
        return JSON(.array(canonical), at: json.position)
    }

    private mutating func check(
        _ json: JSON, _ nameRule: TextRule, _ valueRule: TextRule, most: Int, path: String
    ) throws(RecipeError) -> JSON {
        guard let members = json.members
        else { throw wrongType(json, .map(name: nameRule, value: valueRule, most: most), path) }
        guard members.count <= most else {
            throw RecipeError(
                .outOfRange, "‘\(path)’ has \(members.count) entries, but must have at most \(most)", file: file,
                at: json.position)
        }
        for member in members {
            let name = String(decoding: member.name, as: UTF8.self)
            guard nameRule.takes(name) else {
                throw RecipeError(
                    .malformedValue, "‘\(excerpt(name))’ in ‘\(path)’ must be \(nameRule.description)", file: file,
                    at: member.namePosition)
            }
            _ = try check(member.json, valueRule, path: "\(path).\(name)")
        }
        // The order of variables is no meaning: the canonical form has them in byte order.
        let sorted = members.sorted { $0.name.lexicographicallyPrecedes($1.name) }
        return JSON(.object(sorted), at: json.position)
    }

    // MARK: Single values

    private func check(_ json: JSON, _ rule: TextRule, path: String) throws(RecipeError) -> JSON {
        guard let text = json.string else {
            let isPlain = json.integer != nil || json.bool != nil
            throw wrongType(json, .text(rule), path, hint: isPlain ? "put it in quotes" : nil)
        }
        guard rule.takes(text) else {
            throw RecipeError(
                .malformedValue, "‘\(path)’ is ‘\(excerpt(text))’, but must be \(rule.description)", file: file,
                at: json.position)
        }
        return json
    }

    private func check(_ json: JSON, _ choices: [SchemaChoice], path: String) throws(RecipeError) -> JSON {
        guard let text = json.string else { throw wrongType(json, .choice(choices), path) }
        let names = choices.map(\.name)
        guard names.contains(text) else {
            let nearest = NearestName.of(text, among: names)
            throw RecipeError(
                .unknownValue, "‘\(path)’ is ‘\(excerpt(text))’, but can only be \(alternatives(names))", file: file,
                at: json.position, hint: nearest.map { "did you mean ‘\($0)’?" })
        }
        return json
    }

    private func check(
        _ json: JSON, _ range: ClosedRange<Int>, _ powerOfTwo: Bool, _ kind: SchemaKind, path: String
    ) throws(RecipeError) -> JSON {
        let bytes: Int
        if let text = json.string {
            guard let parsed = ByteSize.parse(text) else {
                let units = alternatives(ByteSize.units.map(\.name))
                throw RecipeError(
                    .malformedValue, "‘\(path)’ is ‘\(excerpt(text))’, but must be \(kind.expectation)", file: file,
                    at: json.position,
                    hint: "a size is a whole number and a unit without a space between them: \(units)")
            }
            bytes = parsed
        } else {
            bytes = try integer(json, kind, path: path)
        }
        let isPower = bytes > 0 && bytes & (bytes - 1) == 0
        guard range.contains(bytes), isPower || !powerOfTwo
        else { throw outOfRange(json, json.string ?? "\(bytes)", kind, path) }
        return JSON(JSON.integer(bytes).value, at: json.position)
    }

    private func check(
        _ json: JSON, _ range: ClosedRange<Int>, _ kind: SchemaKind, path: String
    ) throws(RecipeError) -> JSON {
        let seconds: Int
        if let text = json.string {
            guard let parsed = UTCTime.parse(text) else {
                throw RecipeError(
                    .malformedValue, "‘\(path)’ is ‘\(excerpt(text))’, but must be \(kind.expectation)", file: file,
                    at: json.position, hint: Int(text) == nil ? nil : "leave the quotes away")
            }
            seconds = parsed
        } else {
            seconds = try integer(json, kind, path: path)
        }
        guard range.contains(seconds) else { throw outOfRange(json, json.string ?? "\(seconds)", kind, path) }
        return JSON(JSON.integer(seconds).value, at: json.position)
    }

    private func integer(_ json: JSON, _ kind: SchemaKind, path: String) throws(RecipeError) -> Int {
        if let number = json.integer { return number }
        if case .number(let digits) = json.value {
            throw outOfRange(json, String(decoding: digits.prefix(40), as: UTF8.self), kind, path)
        }
        let isQuoted = json.string.map { Int($0) != nil } ?? false
        throw wrongType(json, kind, path, hint: isQuoted ? "leave the quotes away" : nil)
    }
}

// MARK: - What is said about mistakes

extension SchemaCheck {
    private func unknownKey(_ name: String, _ object: SchemaObject, at position: JSON.Position) -> RecipeError {
        let names = object.keys.map(\.name)
        var hint = "the keys here are \(alternatives(names, word: "and"))"
        if let nearest = NearestName.of(name, among: names) {
            hint = "did you mean ‘\(nearest)’?"
        } else if let owner = Self.owner(of: name, in: root, path: "") {
            hint = "‘\(name)’ belongs \(owner.isEmpty ? "to \(root.name) itself" : "in ‘\(owner)’")"
        }
        return RecipeError(
            .unknownKey, "‘\(excerpt(name))’ is not a key of \(object.name)", file: file, at: position, hint: hint)
    }

    /// The path of the object that has a key of this name: what stands in the wrong place is the commonest mistake.
    private static func owner(of name: String, in object: SchemaObject, path: String) -> String? {
        if object.keys.contains(where: { $0.name == name }) { return path }
        for key in object.keys {
            guard let inner = key.kind.object else { continue }
            if let owner = owner(of: name, in: inner, path: path.isEmpty ? key.name : "\(path).\(key.name)") {
                return owner
            }
        }
        return nil
    }

    private func missing(_ key: SchemaKey, _ object: SchemaObject, at position: JSON.Position) -> RecipeError {
        RecipeError(
            .missingKey, "\(object.name) must have ‘\(key.name)’", file: file, at: position,
            hint: "\(key.name): \(key.summary)")
    }

    private func wrongType(_ json: JSON, _ kind: SchemaKind, _ path: String, hint: String? = nil) -> RecipeError {
        let subject = path.isEmpty ? root.name : "‘\(path)’"
        return RecipeError(
            .wrongType, "\(subject) must be \(kind.expectation), not \(json.kind)", file: file, at: json.position,
            hint: hint)
    }

    private func outOfRange(_ json: JSON, _ text: String, _ kind: SchemaKind, _ path: String) -> RecipeError {
        RecipeError(
            .outOfRange, "‘\(path)’ is \(excerpt(text)), but must be \(kind.expectation)", file: file, at: json.position
        )
    }

    private static func range(_ range: ClosedRange<Int>) -> String {
        range.lowerBound == range.upperBound ? "\(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
    }
}
