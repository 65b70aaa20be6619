internal import ByteKit
internal import Glibc

/// A running supervisor.
struct SupervisorProcess {
    private let process: pid_t
    private let hasEnded = Monitor(false)

    /// Starts the executable with these variables and no others.
    ///
    /// - Parameter whenEnded: called, on another thread, when the process is gone for whatever reason.
    init(_ path: String, _ environment: [String], whenEnded: @escaping @Sendable () -> Void) throws {
        var arguments = unsafe [strdup(path), nil]
        var variables = unsafe environment.map { unsafe strdup($0) } + [nil]
        defer {
            unsafe (arguments + variables).forEach { unsafe free($0) }
        }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        // stdout carries the function's response and nothing else: the function's own words go with the story.
        unsafe posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO)
        var process = pid_t()
        let failure = unsafe posix_spawn(&process, path, &actions, nil, &arguments, &variables)
        guard failure == 0 else { throw FileError("start", path, errorNumber: failure) }
        self.process = process
        let hasEnded = hasEnded
        _ = try Thread { [process] in
            var status: Int32 = 0
            while unsafe waitpid(process, &status, 0) < 0 && errno == EINTR {}
            hasEnded.withLock { $0 = true }
            whenEnded()
        }
    }

    /// Asks the process to go, and ends it when it does not within two seconds.
    func stop() {
        // The waiting thread reaps the process, so between the look and the signal it may be gone: its number is not
        // taken again that fast.
        if hasEnded.withLock({ $0 }) { return }
        kill(process, SIGTERM)
        for _ in 0..<100 {
            if hasEnded.withLock({ $0 }) { return }
            usleep(20_000)
        }
        kill(process, SIGKILL)
        hasEnded.wait { $0 ? () : nil }
    }
}
