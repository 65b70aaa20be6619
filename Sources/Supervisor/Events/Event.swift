#if !hasFeature(Embedded)
    internal import JSON
#endif

/// What an event asks for. docs/programming-model.md has the table.
package enum Event: Sendable, Equatable {
    /// Objects have arrived in a storage; every record counts.
    case objects([ObjectRecord])
    /// Messages of a queue or a topic, each with something of its own in it.
    case messages([Message])
    /// An HTTP request, or a call in its form: the body is the input.
    case request(WebRequest)
    /// A direct call that brings what is to run.
    case call(DirectCall)
    /// Anything else: the event itself is the input.
    case direct

    /// Looks at an event's bytes. Any bytes are an event; what is no JSON is a direct one.
    ///
    /// - Parameters:
    ///   - bytes: the event.
    ///   - inputs: the function's inputs; empty to take all objects.
    package static func classify(_ bytes: [UInt8], inputs: [LaunchSpec.Channel]) throws(Failure) -> Event {
        guard let json = parse(bytes), json.members != nil else { return .direct }
        if let inner = delegated(json), let objects = try storage(inner.json, inputs) {
            return .objects(objects.map { $0.from(inner.provider) })
        }
        if let objects = try storage(json, inputs) { return .objects(objects) }
        if let messages = try messages(json, inputs) { return .messages(messages) }
        if let request = WebRequest(json) { return .request(request) }
        if let call = DirectCall(json) { return .call(call) }
        return .direct
    }

    /// The bounds of what is taken apart; a deeper or larger document is a file for the program.
    static func parse(_ bytes: [UInt8]) -> JSON? {
        try? JSON.parse(bytes, limits: JSONLimits(bytes: 64 << 20, depth: 64, values: 500_000))
    }

    /// An event that another function or an OSCAR cluster passes on, with the name of the storage it came from.
    private static func delegated(_ json: JSON) -> (json: JSON, provider: [UInt8])? {
        guard let inner = json["event"], let provider = json["storage_provider"]?.utf8 else { return nil }
        if inner.members != nil { return (inner, provider) }
        // As text it is one level only: what is inside is not asked again whether it passes something on.
        guard let text = inner.utf8, let parsed = parse(text) else { return nil }
        return (parsed, provider)
    }
}

/// A direct call that brings a program or arguments, as `scar run` sends them. Whether it may is the recipe's to say, and
/// only then is it asked what it brings: in another function's events the same names may mean anything.
package struct DirectCall: Sendable, Equatable {
    private let sentScript: [UInt8]?
    private let sentArguments: JSON?

    private static var mostArguments: Int { 4096 }

    /// Nil for an event that brings neither.
    init?(_ json: JSON) {
        sentScript = json["script"]?.utf8
        sentArguments = json["cmd_args"]
        guard sentScript != nil || sentArguments != nil else { return nil }
    }

    /// What it brings.
    package var brings: [LaunchSpec.Handling.Brought] {
        (sentScript == nil ? [] : [.script]) + (sentArguments == nil ? [] : [.arguments])
    }

    /// A program's text, which comes in base64.
    package func script() throws(Failure) -> [UInt8]? {
        guard let sentScript else { return nil }
        guard let script = Base64.decode(sentScript) else {
            throw Failure("Event.BadBase64", [UInt8]("the event’s ‘script’ must be base64, and it is not"))
        }
        return script
    }

    /// Words for the program: a list, or the text of one.
    package func arguments() throws(Failure) -> [[UInt8]] {
        guard let sentArguments else { return [] }
        let malformed = Failure(
            "Event.Malformed",
            [UInt8]("the event’s ‘cmd_args’ must be a list of texts without NUL, or such a list as a text"))
        guard let words = sentArguments.array ?? sentArguments.utf8.flatMap(Event.parse)?.array,
            words.count <= Self.mostArguments
        else { throw malformed }
        var arguments: [[UInt8]] = []
        for word in words {
            guard let word = word.utf8, !word.contains(0) else { throw malformed }
            arguments.append(word)
        }
        return arguments
    }
}
