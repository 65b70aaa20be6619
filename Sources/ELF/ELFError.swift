package import ByteKit

/// Why a file is no ELF file that can be read.
package struct ELFError: DiagnosableError, Equatable {
    /// What kind of failure it is; the raw value is the diagnostic's code.
    package enum Code: String, Sendable {
        case malformed = "malformed-elf"
        /// It is sound as far as it was read, and for a processor that this reader knows nothing of.
        case foreign = "foreign-elf"
    }

    package let code: Code
    /// What the file is or does, to be read after its name: `ends in its program headers`.
    package let reason: String

    init(_ reason: String, _ code: Code = .malformed) {
        self.code = code
        self.reason = reason
    }

    package var diagnostic: Diagnostic { Diagnostic(code: code.rawValue, message: "the file \(reason)") }
}
