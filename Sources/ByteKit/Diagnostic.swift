/// What a person is told when something goes wrong: what, where, why, and what to do.
///
/// Every module's error answers with one of these; the command line prints it and nothing else, so that no error
/// reaches a person as a Swift value.
package struct Diagnostic: Sendable, Equatable {
    /// A stable, searchable name, in kebab case: `unknown-key`, `digest-mismatch`.
    package var code: String
    /// A full sentence naming the object, without a final full stop.
    package var message: String
    /// Where: `recipes/a.json:3:7`, or a layer digest and the path inside it.
    package var location: String?
    /// What the person can do about it.
    package var hint: String?

    package init(code: String, message: String, location: String? = nil, hint: String? = nil) {
        self.code = code
        self.message = message
        self.location = location
        self.hint = hint
    }
}

/// An error that can say itself to a person.
package protocol DiagnosableError: Error {
    var diagnostic: Diagnostic { get }
    /// Whether doing the same again, unchanged, may succeed.
    var isTransient: Bool { get }
}

extension DiagnosableError {
    package var isTransient: Bool { false }
}

extension Diagnostic: CustomStringConvertible {
    /// The form people read: `location: error[code]: message`, then the hint on its own line.
    package var description: String {
        var text = location.map { "\($0): " } ?? ""
        text += "error[\(code)]: \(Self.printable(message))"
        if let hint { text += "\n  help: \(Self.printable(hint))" }
        return text
    }

    /// Makes text from outside safe for a terminal: control characters become visible escapes.
    package static func printable(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f || $0 == 0xc2 }) else { return text }
        var safe = ""
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x0a: safe += "\\n"
            case 0x00..<0x20, 0x7f..<0xa0: safe += "\\x" + hexadecimal([UInt8(scalar.value)])
            default: safe.unicodeScalars.append(scalar)
            }
        }
        return safe
    }
}
