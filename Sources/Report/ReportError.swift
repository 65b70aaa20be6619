package import ByteKit
internal import SquashFS

/// Why something could not be inspected, or a rule not be read.
package struct ReportError: DiagnosableError, Equatable {
    package var diagnostic: Diagnostic

    package init(_ code: String, _ message: String, location: String? = nil, hint: String? = nil) {
        diagnostic = Diagnostic(code: code, message: message, location: location, hint: hint)
    }

    /// A squashfs image that could not be read.
    init(_ error: SquashError, of file: String) {
        var message = "\(error.reason)"
        if !error.path.isEmpty { message = "\(SafeText.path(error.path)): " + message }
        if error.errorNumber != 0 {
            message += ": " + String(decoding: SystemFailure(errorNumber: error.errorNumber).text, as: UTF8.self)
        }
        self.init("\(error.name)", message, location: Diagnostic.printable(file))
    }
}
