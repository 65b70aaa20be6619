internal import Glibc

/// An operation on the host's file system that the kernel refused.
package struct FileError: DiagnosableError, Equatable {
    /// The kernel's reason.
    package var errorNumber: Int32
    /// What was tried, as a verb: `write`, `create`, `rename`, `listen on`.
    package var operation: String
    /// The host path it was tried on.
    package var path: String

    package init(_ operation: String, _ path: String, errorNumber: Int32 = FileError.lastErrorNumber) {
        self.errorNumber = errorNumber
        self.operation = operation
        self.path = path
    }

    /// The calling thread's errno.
    package static var lastErrorNumber: Int32 { errno }

    package var diagnostic: Diagnostic {
        let reason = unsafe String(cString: strerror(errorNumber))
        return Diagnostic(
            code: errorNumber == ENOSPC || errorNumber == EDQUOT
                ? "disk-full" : "file-\(operation.replacing(" ", with: "-"))",
            message: "cannot \(operation) \(path): \(reason)", hint: hint)
    }

    private var hint: String? {
        switch errorNumber {
        case ENOSPC, EDQUOT: "free some space, or point --cache or -o at another file system"
        case EACCES, EPERM, EROFS: "check the permissions of this path, or choose another with --cache or -o"
        case EAGAIN: "the limit of processes and threads is reached (ulimit -u)"
        case EMFILE: "raise the limit of open files with ulimit -n"
        default: nil
        }
    }
}
