internal import ByteKit

/// How far something is: a line that moves on a terminal, nothing elsewhere.
final class ProgressBar: Sendable {
    private let title: String
    private let isShown: Bool
    private let last = Monitor(-1)

    init(_ title: String, isQuiet: Bool) {
        self.title = title
        isShown = !isQuiet && StandardError.isTerminal
    }

    func show(_ done: Int, of total: Int) {
        guard isShown, total > 0 else { return }
        last.withLock { last in
            let filled = done * 30 / total
            guard filled != last || done == total else { return }
            last = filled
            let bar = String(repeating: "━", count: filled) + String(repeating: " ", count: max(0, 30 - filled))
            StandardError.show("  \(title)  \(bar) \(done) of \(total)")
        }
    }

    func end() { if isShown { StandardError.clearLine() } }
}
