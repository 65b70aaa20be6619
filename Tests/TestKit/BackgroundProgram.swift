internal import ByteKit
internal import Glibc
internal import Transport

/// A program that runs beside a test, and ends with this value.
package final class BackgroundProgram: Sendable {
    private let process: pid_t

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

    /// A port of 127.0.0.1 that was free a moment ago.
    package static func freePort() throws -> Int { try LoopbackServer { _ in .init(200) }.port }

    /// Waits until something holds, ten seconds at most.
    package static func wait(for what: String, until holds: () -> Bool) throws {
        for _ in 0..<200 {
            if holds() { return }
            usleep(50_000)
        }
        throw Unavailable("\(what) did not start within 10 seconds")
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
        let failure = unsafe posix_spawn(&process, arguments[0], &actions, nil, &argv, environ)
        guard failure == 0 else { throw FileError("run", arguments[0], errorNumber: failure) }
        return process
    }

    deinit {
        // Not SIGTERM: test runners start threads with it blocked, and a child inherits that.
        kill(process, SIGKILL)
        var status: Int32 = 0
        unsafe waitpid(process, &status, 0)
    }
}
