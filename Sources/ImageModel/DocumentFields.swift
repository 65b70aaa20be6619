internal import JSON

/// The members of one object of a document, asked for by name and type.
///
/// Unknown members are skipped, as the specifications ask; `null` counts as absent, because Go programs write it.
struct DocumentFields {
    let json: JSON
    /// What the object is, for messages: `the manifest’s config descriptor`.
    let subject: String

    init(_ json: JSON, _ subject: String) throws(DocumentError) {
        guard json.members != nil
        else { throw DocumentError(.malformed, "\(subject) is \(json.kind), not an object", at: json.position) }
        self.json = json
        self.subject = subject
    }

    subscript(_ name: StaticString) -> JSON? {
        guard let member = json[name], !member.isNull else { return nil }
        return member
    }

    func string(_ name: StaticString) throws(DocumentError) -> String? {
        guard let member = self[name] else { return nil }
        guard let text = member.string else { throw wrongType(name, member, "a string") }
        return text
    }

    func bool(_ name: StaticString) throws(DocumentError) -> Bool? {
        guard let member = self[name] else { return nil }
        guard let bool = member.bool else { throw wrongType(name, member, "a boolean") }
        return bool
    }

    func array(_ name: StaticString) throws(DocumentError) -> [JSON]? {
        guard let member = self[name] else { return nil }
        guard let elements = member.array else { throw wrongType(name, member, "an array") }
        return elements
    }

    /// A list of strings that reach a program or the kernel; absent is empty. Docker also takes a lone string.
    func strings(_ name: StaticString) throws(DocumentError) -> [String] {
        guard let member = self[name] else { return [] }
        guard let elements = member.utf8 != nil ? [member] : member.array
        else { throw wrongType(name, member, "an array of strings") }
        var strings: [String] = []
        for element in elements {
            guard let text = element.string else { throw wrongType(name, element, "an array of strings") }
            guard !text.utf8.contains(0)
            else { throw DocumentError(.malformed, "‘\(name)’ of \(subject) holds a NUL byte", at: element.position) }
            strings.append(text)
        }
        return strings
    }

    func required(_ name: StaticString) throws(DocumentError) -> JSON {
        guard let member = self[name]
        else { throw DocumentError(.malformed, "\(subject) has no ‘\(name)’", at: json.position) }
        return member
    }

    func wrongType(_ name: StaticString, _ member: JSON, _ wanted: String) -> DocumentError {
        DocumentError(.malformed, "‘\(name)’ of \(subject) is \(member.kind), not \(wanted)", at: member.position)
    }
}

extension JSON {
    /// Parses a whole document and puts the reason in words.
    static func document(_ bytes: [UInt8], _ subject: String, limit: Int) throws(DocumentError) -> JSON {
        do throws(JSONError) {
            return try parse(bytes, limits: JSONLimits(bytes: limit))
        } catch {
            let isMarkup = bytes.first == UInt8(ascii: "<")
            throw DocumentError(
                .malformed, "\(subject) cannot be read: \(error.reason)", at: error.position,
                hint: isMarkup
                    ? "the answer looks like a web page: is this address a registry, or is a login page in the way?"
                    : nil)
        }
    }
}
