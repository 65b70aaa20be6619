internal import ByteKit
internal import Glibc

/// The story: progress and diagnostics.
enum StandardError {
    static let isTerminal = isatty(STDERR_FILENO) == 1
    /// Whether the last line is one that moves on: whatever is said next takes its place.
    private static let isLineOpen = Monitor(false)
    private static let clearing = "\r\u{1b}[K"

    static func write(_ text: String) {
        isLineOpen.withLock { isOpen in
            put(isOpen ? clearing + text : text)
            isOpen = false
        }
    }

    /// Shows a line that the next one replaces; for terminals.
    static func show(_ line: String) {
        isLineOpen.withLock { isOpen in
            put(clearing + line)
            isOpen = true
        }
    }

    /// Takes away a line that was shown.
    static func clearLine() { write("") }

    private static func put(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
