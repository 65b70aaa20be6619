#if !hasFeature(Embedded)
    internal import JSON
#endif

/// Why a `launch.json` was refused.
package struct LaunchSpecError: Error, Equatable {
    package enum Code: Sendable, Equatable {
        case notJSON, unsupportedVersion, missingMember, unknownMember, wrongKind, badValue
    }

    package var code: Code
    /// The member it is about, such as `artifact.size`; empty for the document.
    package var member: [UInt8]
    /// What is wrong, as the end of a sentence.
    package var reason: [UInt8]
    /// Line and column from 1; 0 when there is no place to point to.
    package var line: Int
    package var column: Int

    /// The whole as a sentence: `launch.json:3:9: artifact.size must be a number`.
    package var message: [UInt8] {
        var text = [UInt8](LaunchSpec.fileName)
        if line > 0 {
            text.append(":")
            text.append(decimal: line)
            text.append(":")
            text.append(decimal: column)
        }
        text.append(": ")
        if !member.isEmpty {
            text += member
            text.append(" ")
        }
        return text + reason
    }
}

// MARK: - Writing

extension LaunchSpec {
    /// The text of `launch.json`: members in a fixed order, absent ones left out.
    package func encode() -> [UInt8] {
        var members: [(name: StaticString, json: JSON)] = [
            ("version", .integer(Self.version)), ("name", .utf8(name)),
        ]
        if let artifact {
            members.append(
                (
                    "artifact",
                    .object([
                        ("path", .utf8(artifact.path)), ("digest", .utf8(artifact.digest)),
                        ("size", .integer(artifact.size)), ("unpackedSize", .integer(artifact.unpackedSize)),
                        ("blocks", .utf8(artifact.blocks)), ("blocksDigest", .utf8(artifact.blocksDigest)),
                    ])
                ))
        }
        members.append(("root", .utf8(root)))
        if let relocation { members.append(("relocation", Self.json(relocation))) }
        if let script { members.append(("script", .utf8(script))) }
        if let command { members.append(("command", .texts(command))) }
        if let interpreter { members.append(("interpreter", .texts(interpreter))) }
        if let worker { members.append(("worker", Self.json(worker))) }
        members.append(("environment", .variables(environment)))
        if let workingDirectory { members.append(("workingDirectory", .utf8(workingDirectory))) }
        members.append(("timeoutThreshold", .integer(timeoutThreshold)))
        members.append(("inputs", .array(inputs.map(Self.json))))
        members.append(("outputs", .array(outputs.map(Self.json))))
        if !storages.isEmpty { members.append(("storages", .array(storages.map { $0.json }))) }
        if handling != Handling() { members.append(("handling", handling.json)) }
        if let batch { members.append(("batch", batch.json)) }
        return JSON.object(members).text(pretty: true)
    }

    private static func json(_ worker: Worker) -> JSON {
        let members: [(name: StaticString, json: JSON)] = [
            ("command", .texts(worker.command)), ("program", .utf8(worker.program)),
        ]
        return .object(members + (worker.isSpare ? [("spare", .bool(true))] : []))
    }

    private static func json(_ relocation: Relocation) -> JSON {
        .object([
            ("library", .utf8(relocation.library)), ("loader", .utf8(relocation.loader)),
            ("loaderHasArgumentZero", .bool(relocation.loaderHasArgumentZero)),
            ("folders", .texts(relocation.folders)), ("host", .texts(relocation.host)),
            ("asRoot", .bool(relocation.asRoot)), ("keep", .variables(relocation.keep)),
        ])
    }

    private static func json(_ channel: Channel) -> JSON {
        .object([
            ("storage", .utf8(channel.storage)), ("path", .utf8(channel.path)), ("prefix", .texts(channel.prefix)),
            ("suffix", .texts(channel.suffix)),
        ])
    }
}

extension JSON {
    fileprivate static func texts(_ texts: [[UInt8]]) -> JSON { .array(texts.map { .utf8($0) }) }

    fileprivate static func variables(_ variables: [LaunchSpec.Variable]) -> JSON {
        .array(variables.map { .texts([$0.name, $0.value]) })
    }
}

// MARK: - Reading

extension LaunchSpec {
    /// Reads `launch.json`. Members that are unknown, missing, of another kind or out of range are errors.
    package static func decode(_ text: [UInt8]) throws(LaunchSpecError) -> LaunchSpec {
        let json: JSON
        do throws(JSONError) {
            json = try JSON.parse(text, limits: JSONLimits(bytes: 4 << 20, depth: 8, values: 100_000))
        } catch {
            throw LaunchSpecError(
                code: .notJSON, member: [], reason: [UInt8](error.reason), line: error.position.line,
                column: error.position.column)
        }
        var object = try ObjectReader(json, name: [])
        // First of all, so that a newer file is told as such and not by its first unknown member.
        let versionJSON = try object.required("version")
        guard let version = versionJSON.integer, version == Self.version else {
            throw .at(
                versionJSON, .unsupportedVersion, [UInt8]("version"),
                "is not one that this supervisor reads (it reads 1); rebuild the package with one scar-build")
        }
        var spec = LaunchSpec(name: try object.text("name"), root: try object.text("root", .absolutePath))
        if let artifact = object.optional("artifact") { spec.artifact = try Artifact(artifact) }
        if let script = object.optional("script") { spec.script = try script.text("script", .innerPath) }
        if let relocation = object.optional("relocation") { spec.relocation = try Relocation(relocation) }
        if let command = object.optional("command") { spec.command = try command.words("command") }
        if let interpreter = object.optional("interpreter") {
            spec.interpreter = try interpreter.words("interpreter")
        }
        if let worker = object.optional("worker") { spec.worker = try Worker(worker) }
        spec.environment = try object.elements("environment") { (json) throws(LaunchSpecError) in
            try Variable(json, "environment")
        }
        if let folder = object.optional("workingDirectory") {
            spec.workingDirectory = try folder.text("workingDirectory", .absolutePath)
        }
        spec.timeoutThreshold = try object.number("timeoutThreshold", in: 0...(24 * 3600))
        spec.inputs = try object.elements("inputs") { (json) throws(LaunchSpecError) in try Channel(json, "inputs") }
        spec.outputs = try object.elements("outputs") { (json) throws(LaunchSpecError) in
            try Channel(json, "outputs")
        }
        if object.optional("storages") != nil {
            spec.storages = try object.elements("storages") { (json) throws(LaunchSpecError) in try Storage(json) }
        }
        if let handling = object.optional("handling") { spec.handling = try Handling(handling) }
        if let batch = object.optional("batch") { spec.batch = try Batch(batch) }
        try object.finish()
        return spec
    }
}

extension LaunchSpec.Artifact {
    fileprivate init(_ json: JSON) throws(LaunchSpecError) {
        var object = try ObjectReader(json, name: [UInt8]("artifact"))
        self.init(
            path: try object.text("path", .innerPath), digest: try object.text("digest", .digest),
            size: try object.number("size", in: 0...Int.max),
            unpackedSize: try object.number("unpackedSize", in: 0...Int.max),
            blocks: try object.text("blocks", .innerPath), blocksDigest: try object.text("blocksDigest", .digest))
        try object.finish()
    }
}

extension LaunchSpec.Relocation {
    fileprivate init(_ json: JSON) throws(LaunchSpecError) {
        var object = try ObjectReader(json, name: [UInt8]("relocation"))
        self.init(
            library: try object.text("library", .innerPath), loader: try object.text("loader", .innerPath),
            loaderHasArgumentZero: try object.bool("loaderHasArgumentZero"),
            folders: try object.required("folders").texts("folders", .innerPath),
            host: try object.required("host").texts("host", .absolutePath), asRoot: try object.bool("asRoot"),
            keep: try object.elements("keep") { (json) throws(LaunchSpecError) in
                try LaunchSpec.Variable(json, "keep")
            })
        try object.finish()
        // In a variable they stand in a list, where a colon ends one.
        for path in folders + host + [loader] where path.contains(UInt8(ascii: ":")) {
            throw .at(
                json, .badValue, [UInt8]("relocation"), "has a path with a ‘:’ in it, which no list of paths can hold")
        }
    }
}

extension LaunchSpec.Worker {
    fileprivate init(_ json: JSON) throws(LaunchSpecError) {
        var object = try ObjectReader(json, name: [UInt8]("worker"))
        self.init(
            command: try object.required("command").words("command"), program: try object.text("program", .innerPath),
            isSpare: try object.optional("spare") == nil ? false : object.bool("spare"))
        try object.finish()
    }
}

extension LaunchSpec.Variable {
    fileprivate init(_ json: JSON, _ member: StaticString) throws(LaunchSpecError) {
        let pair = try json.texts(member, .any)
        guard pair.count == 2 else {
            throw .at(json, .wrongKind, [UInt8](member), "must hold pairs of name and value")
        }
        guard !pair[0].isEmpty, !pair[0].contains(UInt8(ascii: "=")) else {
            throw .at(json, .badValue, [UInt8](member), "has a variable whose name is empty or has a ‘=’")
        }
        self.init(name: pair[0], value: pair[1])
    }
}

extension LaunchSpec.Channel {
    fileprivate init(_ json: JSON, _ name: StaticString) throws(LaunchSpecError) {
        var object = try ObjectReader(json, name: [UInt8](name))
        self.init(
            storage: try object.text("storage"), path: try object.text("path", .innerPath),
            prefix: try object.required("prefix").texts("prefix", .any),
            suffix: try object.required("suffix").texts("suffix", .any))
        try object.finish()
    }
}

extension LaunchSpec.Handling {
    fileprivate init(_ json: JSON) throws(LaunchSpecError) {
        self.init()
        var object = try ObjectReader(json, name: [UInt8]("handling"))
        eventMayBring = try object.choices("eventMayBring", Brought.allCases) { $0.name }
        keepOutput = try object.choices("keepOutput", Ending.allCases) { $0.name }
        requiresOutput = try object.bool("requiresOutput")
        reportsMessages = try object.bool("reportsMessages")
        streams = try object.bool("streams")
        linksLargeAnswers = try object.bool("linksLargeAnswers")
        let level = try object.required("logLevel")
        logLevel = try level.choice("handling.logLevel", LogLevel.allCases) { $0.name }
        metrics = try object.bool("metrics")
        try object.finish()
    }
}

/// What a text must be.
enum TextRule {
    case any, innerPath, absolutePath, digest

    func accepts(_ text: [UInt8]) -> Bool {
        guard !text.contains(0) else { return false }
        switch self {
        case .any: return true
        case .innerPath: return text.isInnerPath
        case .absolutePath:
            return text.isEqual(to: "/") || (text.first == UInt8(ascii: "/") && [UInt8](text.dropFirst()).isInnerPath)
        case .digest:
            let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
            let letters = UInt8(ascii: "a")...UInt8(ascii: "f")
            return text.count == 71 && text.starts(with: [UInt8]("sha256:"))
                && text.dropFirst(7).allSatisfy { digits.contains($0) || letters.contains($0) }
        }
    }

    var requirement: StaticString {
        switch self {
        case .any: "must not contain NUL"
        case .innerPath: "must be a relative path without empty, ‘.’ or ‘..’ components"
        case .absolutePath: "must be an absolute path without empty, ‘.’ or ‘..’ components"
        case .digest: "must be sha256: and 64 lower-case hexadecimal digits"
        }
    }
}

extension LaunchSpecError {
    static func at(
        _ json: JSON, _ code: Code, _ member: [UInt8], _ reason: StaticString
    ) -> LaunchSpecError {
        LaunchSpecError(
            code: code, member: member, reason: [UInt8](reason), line: json.position.line, column: json.position.column)
    }
}

extension JSON {
    func text(_ name: StaticString, _ rule: TextRule) throws(LaunchSpecError) -> [UInt8] {
        guard let text = utf8 else { throw .at(self, .wrongKind, [UInt8](name), "must be a string") }
        guard rule.accepts(text) else { throw .at(self, .badValue, [UInt8](name), rule.requirement) }
        return text
    }

    fileprivate func texts(_ name: StaticString, _ rule: TextRule) throws(LaunchSpecError) -> [[UInt8]] {
        guard let elements = array else { throw .at(self, .wrongKind, [UInt8](name), "must be an array of strings") }
        var texts: [[UInt8]] = []
        for element in elements { texts.append(try element.text(name, rule)) }
        return texts
    }

    fileprivate func choice<Choice>(
        _ name: StaticString, _ choices: [Choice], _ spelling: (Choice) -> StaticString
    ) throws(LaunchSpecError) -> Choice {
        let text = try text(name, .any)
        for choice in choices where text.isEqual(to: spelling(choice)) { return choice }
        throw .at(self, .badValue, [UInt8](name), "is none of the values that are known here")
    }

    /// The words of a command: at least the one that names the program.
    fileprivate func words(_ name: StaticString) throws(LaunchSpecError) -> [[UInt8]] {
        let words = try texts(name, .any)
        guard words.first?.isEmpty == false else { throw .at(self, .badValue, [UInt8](name), "must name a program") }
        return words
    }
}

/// Takes members out of an object and remembers which, so that what is left over can be refused.
struct ObjectReader {
    private let json: JSON
    private let members: [JSON.Member]
    private let name: [UInt8]
    private var taken: [Bool]

    init(_ json: JSON, name: [UInt8]) throws(LaunchSpecError) {
        guard let members = json.members else { throw .at(json, .wrongKind, name, "must be an object") }
        self.json = json
        self.members = members
        self.name = name
        taken = [Bool](repeating: false, count: members.count)
    }

    private func full(_ member: [UInt8]) -> [UInt8] { name.isEmpty ? member : name + [UInt8](".") + member }

    mutating func optional(_ member: StaticString) -> JSON? {
        for index in members.indices where members[index].name.isEqual(to: member) {
            taken[index] = true
            return members[index].json
        }
        return nil
    }

    mutating func required(_ member: StaticString) throws(LaunchSpecError) -> JSON {
        guard let found = optional(member) else { throw .at(json, .missingMember, full([UInt8](member)), "is missing") }
        return found
    }

    mutating func text(_ member: StaticString, _ rule: TextRule = .any) throws(LaunchSpecError) -> [UInt8] {
        try required(member).text(member, rule)
    }

    mutating func bool(_ member: StaticString) throws(LaunchSpecError) -> Bool {
        let found = try required(member)
        guard let bool = found.bool else {
            throw .at(found, .wrongKind, full([UInt8](member)), "must be true or false")
        }
        return bool
    }

    mutating func number(_ member: StaticString, in range: ClosedRange<Int>) throws(LaunchSpecError) -> Int {
        let found = try required(member)
        guard let number = found.integer else {
            throw .at(found, .wrongKind, full([UInt8](member)), "must be a whole number")
        }
        guard range.contains(number) else { throw .at(found, .badValue, full([UInt8](member)), "is out of range") }
        return number
    }

    mutating func choices<Choice>(
        _ member: StaticString, _ choices: [Choice], _ spelling: (Choice) -> StaticString
    ) throws(LaunchSpecError) -> [Choice] {
        try elements(member) { (json) throws(LaunchSpecError) in try json.choice(member, choices, spelling) }
    }

    mutating func elements<Element>(
        _ member: StaticString, _ make: (JSON) throws(LaunchSpecError) -> Element
    ) throws(LaunchSpecError) -> [Element] {
        let found = try required(member)
        guard let elements = found.array else {
            throw .at(found, .wrongKind, full([UInt8](member)), "must be an array")
        }
        var made: [Element] = []
        for element in elements { made.append(try make(element)) }
        return made
    }

    func finish() throws(LaunchSpecError) {
        for index in members.indices where !taken[index] {
            throw LaunchSpecError(
                code: .unknownMember, member: full(members[index].name), reason: [UInt8]("is not known here"),
                line: members[index].namePosition.line, column: members[index].namePosition.column)
        }
    }
}
