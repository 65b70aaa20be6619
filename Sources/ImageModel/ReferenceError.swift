package import ByteKit

/// Why the name of an image or platform was refused.
package struct ReferenceError: DiagnosableError, Equatable {
    package enum Code: String, Sendable {
        case reference = "malformed-reference"
        case platform = "malformed-platform"
    }

    package var code: Code
    /// What was written.
    package var text: String
    package var reason: String
    package var hint: String?

    package var diagnostic: Diagnostic {
        let kind = code == .reference ? "an image reference" : "a platform"
        return Diagnostic(
            code: code.rawValue, message: "‘\(text.prefix(200))’ is not \(kind): \(reason)", hint: hint)
    }
}
