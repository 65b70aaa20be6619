internal import ByteKit
internal import Glibc
internal import Synchronization

/// Ctrl-C and TERM ask for a stop; the command then ends by itself and leaves nothing half-done. Asked again a second
/// later or more, it ends at once. Sooner, the second is taken for the first: `timeout` and terminals send both to the
/// process and to its group.
enum Signals {
    /// When the first one came, in milliseconds of the monotonic clock; 0 before that.
    private static let firstAsked = Atomic<Int>(0)
    private static let patience = 1000

    static func install() {
        // Whoever starts us may have these blocked, and would then not be heard.
        var asked = sigset_t()
        unsafe sigemptyset(&asked)
        for number in [SIGINT, SIGTERM] { unsafe sigaddset(&asked, number) }
        unsafe pthread_sigmask(SIG_UNBLOCK, &asked, nil)
        for number in [SIGINT, SIGTERM] {
            var action = sigaction()
            unsafe action.__sigaction_handler.sa_handler = { Signals.handle($0) }
            unsafe sigaction(number, &action, nil)
        }
        // A reader that goes away (`| head`) ends us at the next write, not by a signal in the middle of one.
        signal(SIGPIPE, SIG_IGN)
    }

    /// Runs inside the signal: atomics and calls that signal-safety(7) allows, nothing else.
    private static func handle(_ number: Int32) {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        let now = max(1, time.tv_sec * 1000 + time.tv_nsec / 1_000_000)
        let (isFirst, first) = firstAsked.compareExchange(expected: 0, desired: now, ordering: .relaxed)
        if isFirst { return Cancellation.request() }
        guard now - first >= patience else { return }
        signal(number, SIG_DFL)
        raise(number)
    }
}
