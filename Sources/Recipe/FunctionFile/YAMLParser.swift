internal import JSON

/// Reads one YAML document, and no more of YAML than a file of settings needs.
///
/// Aliases are followed, with a bound on what they come to. Merge keys, tags that make other values than texts, keys that
/// are no texts and a second document are refused.
struct YAMLParser {
    /// Bytes from outside never decide how much memory or stack we use.
    enum Limit {
        static let bytes = 1 << 20
        static let depth = 32
        /// Values, those that aliases repeat included.
        static let values = 50_000
        /// Bytes of text, counted in the same way.
        static let text = 4 << 20
    }

    private let file: String
    private let text: [UInt8]
    private let events: YAMLEvents
    /// What has been read and has a name; nil while it is being read.
    private var anchors: [String: YAMLNode?] = [:]
    private var count = 0
    private var bytes = 0

    /// - Parameter file: the file's path, for messages.
    static func parse(_ bytes: [UInt8], file: String) throws(RecipeError) -> YAMLNode {
        guard bytes.count <= Limit.bytes else {
            throw RecipeError(
                .syntax, "the file has \(bytes.count) bytes, and a function file at most \(Limit.bytes)", file: file,
                at: nil)
        }
        if let line = lineOutsideUTF8(bytes) {
            throw RecipeError(
                .syntax, "this line is not UTF-8", file: file, at: JSON.Position(line: line, column: 1, offset: 0),
                hint: "save the file as UTF-8")
        }
        var parser = YAMLParser(file: file, text: bytes)
        return try parser.document()
    }

    private init(file: String, text: [UInt8]) {
        self.file = file
        self.text = text
        events = YAMLEvents(text)
    }

    private static func lineOutsideUTF8(_ bytes: [UInt8]) -> Int? {
        guard !isValidUTF8(bytes) else { return nil }
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        return (lines.firstIndex { !isValidUTF8(Array($0)) } ?? 0) + 1
    }

    private mutating func document() throws(RecipeError) -> YAMLNode {
        let start = try next()
        guard case .documentStart = start.kind else {
            throw error("the file is empty", at: start.position)
        }
        let node = try node(try next(), depth: 0)
        _ = try next()
        let end = try next()
        guard case .streamEnd = end.kind else {
            throw error(
                "a second document begins here", at: end.position, hint: "put its functions into the first one's list")
        }
        return node
    }

    private mutating func node(_ event: YAMLEvent, depth: Int) throws(RecipeError) -> YAMLNode {
        guard depth <= Limit.depth else { throw error("lists and mappings nest too deeply", at: event.position) }
        if case .alias(let name) = event.kind { return try repeated(name, at: event.position) }
        if let anchor = event.anchor { anchors.updateValue(nil, forKey: anchor) }
        var node = YAMLNode(value: try value(of: event, depth: depth), position: event.position)
        switch node.value {
        case .scalar(let text, _): node.bytes = text.utf8.count
        case .sequence(let elements):
            for element in elements {
                (node.count, node.bytes) = (node.count + element.count, node.bytes + element.bytes)
            }
        case .mapping(let members):
            for member in members {
                node.count += member.node.count + 1
                node.bytes += member.node.bytes + member.name.utf8.count
            }
        }
        if let anchor = event.anchor { anchors.updateValue(node, forKey: anchor) }
        return node
    }

    private mutating func value(of event: YAMLEvent, depth: Int) throws(RecipeError) -> YAMLNode.Value {
        let isText = try isText(event)
        switch event.kind {
        case .scalar(let text, let isPlain):
            try spend(1, text.utf8.count, at: event.position)
            return .scalar(text, isPlain: isPlain && !isText)
        case .sequenceStart where !isText:
            try spend(1, 0, at: event.position)
            return .sequence(try elements(depth: depth + 1))
        case .mappingStart where !isText:
            try spend(1, 0, at: event.position)
            return .mapping(try members(depth: depth + 1))
        default: throw error("there is no value here", at: event.position)
        }
    }

    private mutating func elements(depth: Int) throws(RecipeError) -> [YAMLNode] {
        var elements: [YAMLNode] = []
        while true {
            let event = try next()
            if case .sequenceEnd = event.kind { return elements }
            elements.append(try node(event, depth: depth))
        }
    }

    private mutating func members(depth: Int) throws(RecipeError) -> [YAMLNode.Member] {
        var members: [YAMLNode.Member] = []
        var names: Set<[UInt8]> = []
        while true {
            let event = try next()
            if case .mappingEnd = event.kind { return members }
            guard case .scalar(let name, let isPlain) = event.kind, event.anchor == nil, event.tag == nil else {
                throw error("a key must be a text", at: event.position)
            }
            guard !isPlain || name != "<<" else {
                throw error(
                    "‘<<’ (a merge key) is not read", at: event.position, hint: "write the keys out where they belong")
            }
            guard names.insert(Array(name.utf8)).inserted else {
                throw RecipeError(
                    .duplicateKey, "‘\(excerpt(name))’ stands twice in one mapping", file: file, at: event.position,
                    hint: "remove one of the two")
            }
            try spend(1, name.utf8.count, at: event.position)
            members.append(
                YAMLNode.Member(
                    name: name, namePosition: event.position, node: try node(try next(), depth: depth)))
        }
    }

    // MARK: Aliases and tags

    private mutating func repeated(_ name: String, at position: JSON.Position) throws(RecipeError) -> YAMLNode {
        guard let known = anchors[name] else {
            throw error("there is no anchor ‘\(excerpt(name))’ before this alias", at: position)
        }
        guard var node = known else { throw error("‘*\(excerpt(name))’ stands inside of itself", at: position) }
        try spend(node.count, node.bytes, at: position)
        // What is wrong with it is wrong where it is used.
        node.position = position
        return node
    }

    /// `!!str` says that a scalar is a text. Any other tag asks for values that a function file has none of, or, as
    /// `!!python/object` does, for a program to be run.
    private func isText(_ event: YAMLEvent) throws(RecipeError) -> Bool {
        switch event.tag {
        case nil: return false
        case "!", "tag:yaml.org,2002:str": return true
        case let tag?:
            let shown = tag.hasPrefix("tag:yaml.org,2002:") ? "!!" + tag.dropFirst(18) : tag
            throw error("the tag ‘\(excerpt(shown))’ is not read", at: event.position, hint: "remove the tag")
        }
    }

    private mutating func spend(_ values: Int, _ text: Int, at position: JSON.Position) throws(RecipeError) {
        count += values
        bytes += text
        guard count <= Limit.values else {
            throw error("the file comes to more than \(Limit.values) values", at: position)
        }
        guard bytes <= Limit.text else {
            throw error("the file comes to more than \(Limit.text) bytes of text", at: position)
        }
    }

    // MARK: Events and errors

    private func next() throws(RecipeError) -> YAMLEvent {
        do throws(YAMLFailure) {
            return try events.next()
        } catch {
            throw self.error(
                "this is not YAML: \(error.reason)", at: error.position,
                hint: isIndentedByTab(error.position.line) ? "indent with spaces: YAML takes no tabs there" : nil)
        }
    }

    private func isIndentedByTab(_ line: Int) -> Bool {
        let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard lines.indices.contains(line - 1) else { return false }
        return lines[line - 1].first { $0 != UInt8(ascii: " ") } == UInt8(ascii: "\t")
    }

    private func error(_ message: String, at position: JSON.Position, hint: String? = nil) -> RecipeError {
        RecipeError(.syntax, message, file: file, at: position, hint: hint)
    }
}
