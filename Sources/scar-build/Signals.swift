internal import ByteKit
internal import Glibc

/// Ctrl-C and TERM ask the build to stop; it then ends by itself and leaves nothing half-done. A second one ends it at once.
enum Signals {
    static func install() {
        // Whoever starts us may have these blocked, and would then not be heard.
        var asked = sigset_t()
        unsafe sigemptyset(&asked)
        for number in [SIGINT, SIGTERM] { unsafe sigaddset(&asked, number) }
        unsafe pthread_sigmask(SIG_UNBLOCK, &asked, nil)
        for number in [SIGINT, SIGTERM] {
            var action = sigaction()
            unsafe action.__sigaction_handler.sa_handler = { number in
                Cancellation.request()
                signal(number, SIG_DFL)
            }
            unsafe sigaction(number, &action, nil)
        }
        // A reader that goes away (`| head`) ends us at the next write, not by a signal in the middle of one.
        signal(SIGPIPE, SIG_IGN)
    }
}
