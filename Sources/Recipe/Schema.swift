package import JSON

/// The table of a strict JSON document: every key, what its value may be, and what it means.
///
/// The check of a document, its JSON Schema and its reference page are all made from one such table, so that none of
/// them can know a key that the others do not.
package struct SchemaObject: Sendable {
    /// What one such object is called in messages: `a recipe`, `‘prune’`.
    package var name: String
    package var keys: [SchemaKey]

    package init(_ name: String, _ keys: [SchemaKey]) {
        self.name = name
        self.keys = keys
    }
}

/// One key of an object.
package struct SchemaKey: Sendable {
    package enum Presence: Sendable {
        case required
        case optional
        /// The value that stands for an absent one.
        case defaulting(JSON)
    }

    package var name: String
    package var kind: SchemaKind
    package var presence: Presence
    /// What the key means, in full sentences.
    package var summary: String

    package init(_ name: String, _ kind: SchemaKind, _ presence: Presence, _ summary: String) {
        self.name = name
        self.kind = kind
        self.presence = presence
        self.summary = summary
    }

    /// A key that may be left out and then says nothing.
    package init(_ name: String, _ kind: SchemaKind, _ summary: String) {
        self.init(name, kind, .optional, summary)
    }
}

/// What a value may be.
package indirect enum SchemaKind: Sendable {
    case text(TextRule)
    case choice([SchemaChoice])
    /// A whole number, and what it counts (`seconds`).
    case integer(ClosedRange<Int>, unit: String)
    /// One of these whole numbers, in rising order.
    case integerChoice([Int], unit: String)
    /// A number of bytes: an integer, or text that `ByteSize` takes.
    case size(ClosedRange<Int>, powerOfTwo: Bool)
    /// A second: an integer since 1970, or text that `UTCTime` takes.
    case time(ClosedRange<Int>)
    case boolean
    case list(SchemaKind, count: ClosedRange<Int>)
    case object(SchemaObject)
    /// An object whose keys are the writer's own: environment variables, tags.
    case map(name: TextRule, value: TextRule, most: Int)
    /// An object of somebody else's form, kept as it is, and how many bytes it may have without its spaces.
    case document(most: Int)
}

/// One value of a closed set.
package struct SchemaChoice: Sendable {
    package var name: String
    package var summary: String

    package init(_ name: String, _ summary: String) {
        self.name = name
        self.summary = summary
    }
}

/// What a text may be.
package struct TextRule: Sendable {
    /// A regular expression (the part that ECMA-262 and Swift share) which the whole text must match; nil for any.
    package var pattern: String?
    /// How many Unicode scalars it may have.
    package var length: ClosedRange<Int>
    /// What it must be, to go after ‘must be’.
    package var description: String
    /// A text that is taken.
    package var example: String

    package init(
        _ description: String, pattern: String? = nil, length: ClosedRange<Int> = 1...4096, example: String
    ) {
        self.description = description
        self.pattern = pattern
        self.length = length
        self.example = example
    }

    /// Whether the rule takes the text.
    ///
    /// NUL is never taken: no path, variable or argument can hold one.
    package func takes(_ text: String) -> Bool {
        guard length.contains(text.unicodeScalars.count), !text.utf8.contains(0) else { return false }
        guard let pattern else { return true }
        // The patterns are constants of the tables; one that is no regular expression takes nothing, and the tests
        // try every rule's own example.
        guard let expression = try? Regex<AnyRegexOutput>(pattern) else { return false }
        return text.wholeMatch(of: expression.matchingSemantics(.unicodeScalar)) != nil
    }
}

extension SchemaKind {
    /// What a value must be, to go after ‘must be’.
    var expectation: String {
        switch self {
        case .text: "a string"
        case .choice: "a string"
        case .integer(let range, let unit):
            "a whole number of \(unit) from \(range.lowerBound) to \(range.upperBound)"
        case .integerChoice(let numbers, let unit):
            "one of these numbers of \(unit): \(alternatives(numbers.map(String.init)))"
        case .size(let range, let powerOfTwo):
            "a size\(powerOfTwo ? " that is a power of two" : "") from "
                + "\(ByteSize.text(range.lowerBound)) to \(ByteSize.text(range.upperBound)), "
                + "such as \"128KiB\" or \"100MB\""
        case .time(let range):
            "a time in UTC from \(UTCTime.text(range.lowerBound)) to \(UTCTime.text(range.upperBound)), "
                + "such as \"2026-01-01T00:00:00Z\", or the seconds since 1970"
        case .boolean: "true or false"
        case .list: "an array"
        case .object, .map: "an object"
        case .document(let most): "an object of at most \(most) bytes"
        }
    }

    /// The keys of the object, or of the objects in the list, that this is.
    package var object: SchemaObject? {
        switch self {
        case .object(let object): object
        case .list(let element, _): element.object
        default: nil
        }
    }
}
