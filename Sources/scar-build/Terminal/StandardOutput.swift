internal import ByteKit
internal import Glibc

/// The result, byte for byte. A result that cannot be handed over is a failure: whoever asked for it has not got it.
enum StandardOutput {
    /// The columns of the terminal; 80 for what is none.
    static var width: Int {
        var size = winsize()
        guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    static func write(_ bytes: [UInt8]) throws(FileError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw FileError("write", "the standard output") }
            rest = rest.dropFirst(count)
        }
    }

    static func line(_ text: String) throws(FileError) {
        try write(Array(text.utf8) + [UInt8(ascii: "\n")])
    }
}
