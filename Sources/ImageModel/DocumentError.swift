package import ByteKit
package import JSON

/// Why a manifest, index or config was refused. The caller adds which image it belongs to.
package struct DocumentError: DiagnosableError, Equatable {
    package enum Code: String, Sendable {
        /// Not JSON, or a member of the wrong type or out of range.
        case malformed = "malformed-document"
        /// Reads as two kinds of document at once. CVE-2021-41190.
        case ambiguous = "ambiguous-document"
        /// A manifest of a schema that is not read any more.
        case unsupportedSchema = "unsupported-schema"
        /// A document for something else than a container image.
        case notAnImage = "not-an-image"
        /// A layer whose kind cannot be read.
        case unsupportedLayer = "unsupported-layer"
        /// The image is not made for the platform asked for.
        case wrongPlatform = "wrong-platform"
        /// Manifest and config do not belong together.
        case inconsistent = "inconsistent-image"
    }

    package var code: Code
    package var message: String
    package var hint: String?
    /// Where in the document; nil when it is about the whole.
    package var position: JSON.Position?

    package init(_ code: Code, _ message: String, at position: JSON.Position? = nil, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.position = position
    }

    package var diagnostic: Diagnostic {
        let place = position.map { " (line \($0.line), column \($0.column))" } ?? ""
        return Diagnostic(code: code.rawValue, message: message + place, hint: hint)
    }
}
