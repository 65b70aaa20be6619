package import ByteKit
package import JSON

/// Why a recipe or a lock file was refused, and where.
package struct RecipeError: DiagnosableError, Equatable {
    /// What kind of mistake it is; the raw value is the diagnostic's code.
    package enum Code: String, Sendable {
        case syntax = "recipe-syntax"
        case unknownKey = "unknown-key"
        case duplicateKey = "duplicate-key"
        case missingKey = "missing-key"
        case wrongType = "wrong-type"
        case outOfRange = "out-of-range"
        case malformedValue = "malformed-value"
        case unknownValue = "unknown-value"
        case notInThisVersion = "not-in-this-version"
        case conflict = "conflicting-keys"
        case pathOutside = "path-outside-recipe"
        case staleLock = "stale-lock"
        case unsupportedLock = "unsupported-lock"
    }

    package let code: Code
    /// What is wrong, as a sentence without a full stop.
    package let message: String
    /// The file as it was named by the person.
    package let file: String
    /// Where in the file; nil when the error is about the whole of it.
    package let position: JSON.Position?
    /// What to do about it.
    package let hint: String?

    init(_ code: Code, _ message: String, file: String, at position: JSON.Position?, hint: String? = nil) {
        self.code = code
        self.message = message
        self.file = file
        self.position = position.flatMap { $0.line > 0 ? $0 : nil }
        self.hint = hint
    }

    package var diagnostic: Diagnostic {
        let place = position.map { ":\($0.line):\($0.column)" } ?? ""
        return Diagnostic(code: code.rawValue, message: message, location: file + place, hint: hint)
    }
}

/// A text from a file, short enough to be shown.
func excerpt(_ text: String) -> String {
    text.unicodeScalars.count <= 80 ? text : String(String.UnicodeScalarView(text.unicodeScalars.prefix(77))) + "…"
}

/// `a`, `a or b`, `a, b or c`.
func alternatives(_ names: [String], word: String = "or") -> String {
    guard let last = names.last, names.count > 1 else { return names.first ?? "" }
    return names.dropLast().joined(separator: ", ") + " \(word) " + last
}
