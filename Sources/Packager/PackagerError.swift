package import ByteKit

/// Why a package could not be made.
package struct PackagerError: DiagnosableError, Equatable {
    /// What kind of failure it is; the raw value is the diagnostic's code.
    package enum Code: String, Sendable {
        case file = "file"
        case entryPath = "bad-entry-path"
        case duplicateEntry = "duplicate-entry"
        case notShippable = "not-shippable"
        case programMissing = "program-missing"
        case launchSpec = "launch-spec"
        case unknownLauncher = "unknown-launcher"
        case noWorker = "no-worker"
    }

    package let code: Code
    private let content: Diagnostic

    init(_ code: Code, _ message: String, location: String? = nil, hint: String? = nil) {
        self.code = code
        content = Diagnostic(code: code.rawValue, message: message, location: location, hint: hint)
    }

    /// A failure of this machine's file system, told as it told itself.
    init(_ error: FileError) {
        code = .file
        content = error.diagnostic
    }

    package var diagnostic: Diagnostic { content }
}
