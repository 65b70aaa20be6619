package import ByteKit

/// Why something cannot be published.
package struct PublishError: DiagnosableError, Equatable {
    package enum Code: String, Sendable {
        case settings = "function-settings"
        /// Something of this name is there, and was not made here.
        case notOurs = "not-ours"
        /// What is there cannot become what is wanted.
        case conflict = "publish-conflict"
        /// A function's output would call it again.
        case recursion = "recursion"
        /// Something larger than AWS takes.
        case limit = "lambda-limit"
        /// AWS said that something it was making came to nothing.
        case failed = "publish-failed"
        /// AWS did not finish in time.
        case timeout = "publish-timeout"
        case notFound = "not-found"
        /// A template's language has no word for it.
        case noResource = "no-resource"
    }

    package var code: Code
    package var message: String
    package var hint: String?

    package init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    package var diagnostic: Diagnostic { Diagnostic(code: code.rawValue, message: message, hint: hint) }
}

/// A publication that broke off in the middle.
package struct InterruptedPublication: DiagnosableError {
    /// Why.
    package var cause: any DiagnosableError
    /// What was being done.
    package var step: String
    /// What was done before, and stays.
    package var done: [String]

    package var isTransient: Bool { cause.isTransient }

    package var diagnostic: Diagnostic {
        var diagnostic = cause.diagnostic
        diagnostic.message = "\(step): \(diagnostic.message)"
        let rest = "run the same command again: it goes on from there"
        let stays =
            done.isEmpty ? "nothing was changed before that" : "done so far: \(done.joined(separator: ", ")); \(rest)"
        diagnostic.hint = diagnostic.hint.map { "\($0); \(stays)" } ?? stays
        return diagnostic
    }
}
