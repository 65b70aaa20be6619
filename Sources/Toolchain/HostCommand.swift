internal import ByteKit
internal import Glibc

/// A program of this machine that is about to be started.
struct HostCommand {
    var path: String
    /// With the program's own name first.
    var arguments: [String]
    /// `NAME=value` each; there are no others.
    var environment: [String]
    /// Descriptors of ours that the program gets, as 3, 4 and so on.
    var descriptors: [Int32] = []
    /// Where its standard output and its standard error go.
    var output: Int32 = STDERR_FILENO

    /// Starts it with nothing on its standard input, and none of our other open files.
    func start() throws(FileError) -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        // Out of the way first: one of ours may have the number that another one is to get.
        let sources = descriptors.map { fcntl($0, F_DUPFD_CLOEXEC, 100) }
        defer { sources.forEach { close($0) } }
        guard sources.allSatisfy({ $0 >= 0 }) else { throw FileError("start", path) }
        unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        unsafe posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO)
        for (index, source) in sources.enumerated() {
            unsafe posix_spawn_file_actions_adddup2(&actions, source, Int32(3 + index))
        }
        var words = unsafe arguments.map { unsafe strdup($0) } + [nil]
        var variables = unsafe environment.map { unsafe strdup($0) } + [nil]
        defer { unsafe (words + variables).forEach { unsafe free($0) } }
        var process = pid_t()
        let failure = unsafe posix_spawn(&process, path, &actions, nil, &words, &variables)
        guard failure == 0 else { throw FileError("start", path, errorNumber: failure) }
        return process
    }
}

/// A pipe between this process and one that it starts. Either end can be closed before the value goes.
final class HostPipe: Sendable {
    private let ends: Monitor<(read: Int32, write: Int32)>

    init() throws(FileError) {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw FileError("create", "a pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        self.ends = Monitor((ends[0], ends[1]))
    }

    var readEnd: Int32 { ends.withLock { $0.read } }
    var writeEnd: Int32 { ends.withLock { $0.write } }

    func closeRead() { ends.withLock { Self.close(&$0.read) } }
    func closeWrite() { ends.withLock { Self.close(&$0.write) } }

    /// All that others write until the last of them has closed the pipe. Our own end for writing must be closed.
    func readAll() -> [UInt8] {
        let descriptor = readEnd
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe piece.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return bytes }
            bytes += piece[..<count]
        }
    }

    private static func close(_ end: inout Int32) {
        if end >= 0 { Glibc.close(end) }
        end = -1
    }

    deinit {
        closeRead()
        closeWrite()
    }
}
