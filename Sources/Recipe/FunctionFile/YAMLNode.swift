internal import JSON

/// A value of a YAML document and the place it stood at.
struct YAMLNode: Sendable, Equatable {
    indirect enum Value: Sendable, Equatable {
        /// A text; only a plain one, without quotes, can be meant as a number, a truth value or nothing.
        case scalar(String, isPlain: Bool)
        case sequence([YAMLNode])
        /// In the order written, no name twice.
        case mapping([Member])
    }

    struct Member: Sendable, Equatable {
        var name: String
        var namePosition: JSON.Position
        var node: YAMLNode
    }

    var value: Value
    var position: JSON.Position
    /// How many values this is, those inside included, and of how many bytes of text: what an alias to it costs.
    var count = 1
    var bytes = 0

    /// Whether nothing is said: `~`, `null`, or nothing after the colon.
    var isNull: Bool {
        guard case .scalar(let text, isPlain: true) = value else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    var text: String? {
        guard case .scalar(let text, _) = value, !isNull else { return nil }
        return text
    }

    var members: [Member]? {
        guard case .mapping(let members) = value else { return nil }
        return members
    }

    var elements: [YAMLNode]? {
        guard case .sequence(let elements) = value else { return nil }
        return elements
    }

    subscript(_ name: String) -> YAMLNode? { members?.first { $0.name == name }?.node }
}

extension YAMLNode {
    /// The value as what a key wants: `3.10` is a text where a text is wanted, and a number where a number is.
    ///
    /// What cannot be what is wanted stays what it is, for the check to refuse.
    func json(as kind: SchemaKind?) -> JSON {
        switch value {
        case .scalar(let text, let isPlain): JSON(isNull ? .null : scalar(text, isPlain, kind), at: position)
        case .sequence(let elements):
            JSON(.array(elements.map { $0.json(as: kind?.element) }), at: position)
        case .mapping(let members):
            JSON(
                .object(
                    members.compactMap { member in
                        let json = member.node.json(as: kind?.member(member.name))
                        // A key with nothing after it says nothing.
                        guard !json.isNull else { return nil }
                        return JSON.Member(
                            name: Array(member.name.utf8), namePosition: member.namePosition, json: json)
                    }), at: position)
        }
    }

    private func scalar(_ text: String, _ isPlain: Bool, _ kind: SchemaKind?) -> JSON.Value {
        switch kind {
        // SCAR's own defaults have empty texts where nothing is meant.
        case .text(let rule) where text.isEmpty && !rule.takes(text): .null
        case .boolean where isPlain: Self.truth(text).map { .bool($0) } ?? .string(Array(text.utf8))
        case .integer where isPlain, .integerChoice where isPlain:
            Self.isWhole(text) ? .number(Array(text.utf8)) : .string(Array(text.utf8))
        default: .string(Array(text.utf8))
        }
    }

    /// The words that YAML 1.1 knows, which SCAR's parser speaks.
    private static func truth(_ text: String) -> Bool? {
        let lower = text.lowercased()
        guard text == lower || text == text.uppercased() || text == lower.prefix(1).uppercased() + lower.dropFirst()
        else { return nil }
        return switch lower {
        case "true", "yes", "on": true
        case "false", "no", "off": false
        default: nil
        }
    }

    /// A decimal number as everybody writes it: YAML 1.1 would take `0512` for octal, and people do not.
    private static func isWhole(_ text: String) -> Bool {
        let digits = text.utf8.first == UInt8(ascii: "-") ? text.utf8.dropFirst() : text.utf8[...]
        return !digits.isEmpty && digits.count <= 18 && (digits.count == 1 || digits.first != UInt8(ascii: "0"))
            && digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}

extension SchemaKind {
    /// What the elements of a list are.
    fileprivate var element: SchemaKind? {
        guard case .list(let element, _) = self else { return nil }
        return element
    }

    /// What the member of an object is.
    fileprivate func member(_ name: String) -> SchemaKind? {
        switch self {
        case .object(let object): object.keys.first { $0.name == name }?.kind
        case .map(_, let value, _): .text(value)
        default: nil
        }
    }
}
