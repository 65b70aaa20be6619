internal import ByteKit
internal import Glibc
internal import Transport

/// A program that runs beside a test, and ends with this value.
package final class BackgroundProgram: Sendable {
    private let process: pid_t
    private let ended = Monitor(false)
    /// Ports that were given out: who got one may not have begun to listen when the next is asked for.
    private static let ports = Monitor<Set<Int>>([])

    package struct Unavailable: Error, CustomStringConvertible {
        package let description: String
        package init(_ description: String) { self.description = description }
    }

    /// Starts a program; its output is thrown away.
    /// - Parameter package: the Debian package that has it, for the message when it is missing.
    package init(_ program: String, _ arguments: [String], package: String) throws {
        let folders = (Environment["PATH"] ?? "").split(separator: ":") + ["/usr/bin", "/usr/local/bin"]
        let paths = folders.map { "\($0)/\(program)" }
        guard let path = paths.first(where: { unsafe access($0, X_OK) == 0 }) else {
            throw Unavailable("no \(program) here: apt-get install \(package)")
        }
        process = try Self.spawn([path] + arguments)
    }

    /// A port of 127.0.0.1 that was free a moment ago, and that nobody else gets from here.
    package static func freePort() throws -> Int {
        while true {
            let port = try LoopbackServer.freePort()
            if ports.withLock({ $0.insert(port).inserted }) { return port }
        }
    }

    /// Waits until something holds, a minute at most: several suites may start programs at once on a busy machine.
    package static func wait(for what: String, until holds: () throws -> Bool) throws {
        for _ in 0..<1200 {
            if try holds() { return }
            usleep(50_000)
        }
        throw Unavailable("waited a minute for \(what), in vain")
    }

    /// Waits until the program is up, a minute at most; one that has ended will not be, whoever answers in its place.
    package func wait(for what: String, until isUp: () -> Bool) throws {
        try Self.wait(for: what) {
            let isAnswered = isUp()
            guard !hasEnded else { throw Unavailable("\(what) has ended by itself") }
            return isAnswered
        }
    }

    private var hasEnded: Bool {
        ended.withLock { ended in
            var status: Int32 = 0
            // Not asked for again afterwards: its number may be another's by then.
            if !ended { ended = unsafe waitpid(process, &status, WNOHANG) == process }
            return ended
        }
    }

    private static func spawn(_ arguments: [String]) throws(FileError) -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for (descriptor, mode) in [(Int32(0), O_RDONLY), (1, O_WRONLY), (2, O_WRONLY)] {
            unsafe posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", mode, 0)
        }
        var argv: [UnsafeMutablePointer<CChar>?] = unsafe arguments.map { unsafe strdup($0) } + [nil]
        defer { unsafe argv.forEach { unsafe free($0) } }
        var process = pid_t()
        let failure = unsafe Peer.withAllSignals {
            unsafe posix_spawn(&process, arguments[0], &actions, $0, &argv, environ)
        }
        guard failure == 0 else { throw FileError("run", arguments[0], errorNumber: failure) }
        return process
    }

    deinit {
        guard !hasEnded else { return }
        // Not SIGTERM: there is nothing that it could clean up, and the test waits.
        kill(process, SIGKILL)
        var status: Int32 = 0
        unsafe waitpid(process, &status, 0)
    }
}
