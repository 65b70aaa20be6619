internal import CYAML
internal import JSON

/// What a YAML document consists of, one after the other.
struct YAMLEvent {
    enum Kind {
        case documentStart, documentEnd, streamEnd, sequenceStart, sequenceEnd, mappingStart, mappingEnd
        case alias(String)
        case scalar(String, isPlain: Bool)
    }

    var kind: Kind
    /// The name that an alias can call it by.
    var anchor: String?
    /// The tag as it is resolved: `tag:yaml.org,2002:str` for `!!str`.
    var tag: String?
    var position: JSON.Position
}

/// Why libyaml gave up.
struct YAMLFailure: Error {
    var reason: String
    var position: JSON.Position
}

/// libyaml's parser over a text: the one file that sees its types.
///
/// It owns the parser, which holds pointers to itself and to the text and so must not move.
@safe final class YAMLEvents {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let text: UnsafeMutableBufferPointer<UInt8>
    private let isReady: Bool

    init(_ bytes: [UInt8]) {
        unsafe parser = .allocate(capacity: 1)
        unsafe parser.initialize(to: yaml_parser_t())
        unsafe text = .allocate(capacity: max(1, bytes.count))
        _ = unsafe text.initialize(from: bytes)
        isReady = unsafe yaml_parser_initialize(parser) == 1
        guard isReady else { return }
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(parser, text.baseAddress, bytes.count)
    }

    deinit {
        if isReady { unsafe yaml_parser_delete(parser) }
        unsafe parser.deallocate()
        unsafe text.deallocate()
    }

    /// The next event. After `streamEnd` or an error there is none to ask for.
    func next() throws(YAMLFailure) -> YAMLEvent {
        guard isReady else { throw YAMLFailure(reason: "there is no memory to read it", position: .none) }
        while true {
            var event = unsafe yaml_event_t()
            guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw failure() }
            defer { unsafe yaml_event_delete(&event) }
            if let event = unsafe Self.event(event) { return event }
        }
    }

    private func failure() -> YAMLFailure {
        let reason = unsafe parser.pointee.problem.map { unsafe String(cString: $0) } ?? "this cannot be read"
        return unsafe YAMLFailure(reason: reason, position: Self.position(parser.pointee.problem_mark))
    }

    /// Nil for what says nothing: the stream's start.
    private static func event(_ event: yaml_event_t) -> YAMLEvent? {
        var found = unsafe YAMLEvent(kind: .streamEnd, position: position(event.start_mark))
        switch unsafe event.type {
        case YAML_STREAM_END_EVENT: break
        case YAML_DOCUMENT_START_EVENT: found.kind = .documentStart
        case YAML_DOCUMENT_END_EVENT: found.kind = .documentEnd
        case YAML_SEQUENCE_END_EVENT: found.kind = .sequenceEnd
        case YAML_MAPPING_END_EVENT: found.kind = .mappingEnd
        case YAML_ALIAS_EVENT: unsafe found.kind = .alias(string(event.data.alias.anchor) ?? "")
        case YAML_SEQUENCE_START_EVENT:
            let start = unsafe event.data.sequence_start
            found.kind = .sequenceStart
            unsafe (found.anchor, found.tag) = (string(start.anchor), string(start.tag))
        case YAML_MAPPING_START_EVENT:
            let start = unsafe event.data.mapping_start
            found.kind = .mappingStart
            unsafe (found.anchor, found.tag) = (string(start.anchor), string(start.tag))
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            let isPlain = unsafe scalar.style == YAML_PLAIN_SCALAR_STYLE
            unsafe found.kind = .scalar(String(decoding: bytes, as: UTF8.self), isPlain: isPlain)
            unsafe (found.anchor, found.tag) = (string(scalar.anchor), string(scalar.tag))
        default: return nil
        }
        return found
    }

    private static func string(_ text: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        unsafe text.map { unsafe String(cString: $0) }
    }

    /// Lines and columns count from 1 here, and columns in characters.
    private static func position(_ mark: yaml_mark_t) -> JSON.Position {
        JSON.Position(line: Int(mark.line) + 1, column: Int(mark.column) + 1, offset: Int(mark.index))
    }
}
