package import ByteKit

/// A failure that belongs to no single stage.
package struct ToolError: DiagnosableError {
    /// What the process exits with.
    package enum ExitCode: Int32, Sendable {
        case failed = 1
        case usage = 2
        case overBudget = 3
        case differed = 4
        case functionFailed = 5
    }

    package var diagnostic: Diagnostic
    package var exitCode: ExitCode

    package init(
        _ code: String, _ message: String, location: String? = nil, hint: String? = nil, exitCode: ExitCode = .failed
    ) {
        diagnostic = Diagnostic(code: code, message: message, location: location, hint: hint)
        self.exitCode = exitCode
    }

    /// A feature that is designed and not built yet; said plainly rather than half done.
    static func notInThisVersion(_ what: String, hint: String? = nil) -> ToolError {
        ToolError("not-in-this-version", "\(what) is not in version \(ToolVersion.version)", hint: hint)
    }
}
