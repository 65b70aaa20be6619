internal import ByteKit
internal import Glibc
internal import JSON

/// A program that keeps logins: `docker-credential-NAME get`, told the registry on its standard input.
///
/// docker/docker-credential-helpers, "Development". What it prints holds a secret, and is never shown.
struct CredentialHelper: Hashable, Sendable {
    /// The part of the program's name behind `docker-credential-`.
    let name: String

    /// Nil for what is no such name: it comes from a file, and must not lead to another program.
    init?(_ name: String) {
        let isPlain = name.utf8.allSatisfy { byte in
            byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z")
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "._-".utf8.contains(byte)
        }
        guard isPlain, (1...128).contains(name.utf8.count) else { return nil }
        self.name = name
    }

    private var program: String { "docker-credential-\(name)" }

    /// Asks for the login of a server; nil when the program has none.
    func credentials(server: String, timeLimit: Duration) throws(RegistryError) -> Credentials? {
        let answer: HelperProcess.Answer
        do throws(FileError) {
            answer = try HelperProcess.run([program, "get"], input: Array(server.utf8), timeLimit: timeLimit)
        } catch {
            guard error.errorNumber == ENOENT else { throw failed("cannot be run: \(error.diagnostic.message)") }
            throw failed("is not installed, and the login for \(server) is kept by it")
        }
        switch answer.end {
        case .tooLong: throw failed("has not answered within \(timeLimit / .seconds(1)) seconds")
        case .tooMuch: throw failed("answered with more than \(HelperProcess.limit >> 10) KiB")
        case .cancelled: throw RegistryError(.cancelled, Cancelled())
        case .exited(0): return try login(answer.output, server)
        case .exited(let status):
            let text = String(decoding: answer.output.prefix(300), as: UTF8.self)
            if Self.saysNothing.contains(where: { text.contains($0) }) { return nil }
            // A program that fails says why; one that prints a login and then fails says a secret.
            let reason = answer.output.contains(UInt8(ascii: "{")) || text.isEmpty ? "" : ": \(text.trimmedLine)"
            throw failed("ended with status \(status)\(reason)")
        }
    }

    /// How programs say that they know no login: docker-credential-helpers, `ErrCredentialsNotFound`, and the ones
    /// that other people wrote.
    private static let saysNothing = ["credentials not found", "no credentials", "No credentials"]

    private func login(_ output: [UInt8], _ server: String) throws(RegistryError) -> Credentials? {
        let json = try? JSON.parse(output, limits: JSONLimits(bytes: HelperProcess.limit, depth: 8, values: 100))
        guard let user = json?["Username"]?.string, let secret = json?["Secret"]?.string else {
            throw failed("answered for \(server) with something that is no login")
        }
        if user.isEmpty && secret.isEmpty { return nil }
        return user == "<token>" ? .identityToken(secret) : .password(user: user, password: secret)
    }

    private func failed(_ reason: String) -> RegistryError {
        RegistryError(
            .credentials, "the credential helper \(program) \(reason)",
            hint: "log in again, or take the helper out of the file with logins (credsStore, credHelpers)")
    }
}

extension String {
    /// The first line, without what surrounds it.
    fileprivate var trimmedLine: Substring {
        var line = split(whereSeparator: \.isNewline).first ?? ""
        while line.last?.isWhitespace == true { line.removeLast() }
        return line
    }
}

/// A small program run to its end, with all it says kept.
enum HelperProcess {
    struct Answer {
        let end: End
        let output: [UInt8]
    }

    enum End {
        /// With this status; 128 and more for a signal.
        case exited(Int32)
        case tooLong
        case tooMuch
        case cancelled
    }

    /// More than any login takes.
    static let limit = 64 << 10

    /// Runs a program of PATH. One that does not end in time is killed, with all that it has started.
    static func run(_ arguments: [String], input: [UInt8], timeLimit: Duration) throws(FileError) -> Answer {
        let (toProgram, fromProgram) = (try Pipe(arguments[0]), try Pipe(arguments[0]))
        // The pipe holds it all, so this does not wait for a reader.
        guard unsafe input.withUnsafeBytes({ unsafe write(toProgram.writer, $0.baseAddress, $0.count) }) == input.count
        else { throw FileError("run", arguments[0]) }
        let process = try spawn(arguments, input: toProgram.reader, output: fromProgram.writer)
        toProgram.closeBoth()
        fromProgram.closeWriter()
        var output: [UInt8] = []
        let end = read(fromProgram.reader, process, timeLimit, into: &output)
        if case .exited = end { return Answer(end: end, output: output) }
        kill(-process, SIGKILL)
        _ = wait(for: process, flags: 0)
        return Answer(end: end, output: output)
    }

    private static func read(
        _ descriptor: Int32, _ process: pid_t, _ timeLimit: Duration, into output: inout [UInt8]
    ) -> End {
        let end = ContinuousClock.now + timeLimit
        var piece = [UInt8](repeating: 0, count: 4096)
        while ContinuousClock.now < end {
            if Cancellation.isRequested { return .cancelled }
            // What it has started may keep the pipe open after it: its own end is what counts.
            let status = wait(for: process, flags: WNOHANG)
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            while unsafe poll(&waiting, 1, status == nil ? 50 : 0) > 0 {
                let count = unsafe piece.withUnsafeMutableBytes {
                    unsafe Glibc.read(descriptor, $0.baseAddress, $0.count)
                }
                guard count > 0 else { break }
                output += piece[..<count]
                guard output.count <= limit else {
                    return .tooMuch
                }
            }
            if let status { return .exited(status) }
            if waiting.revents & Int16(POLLHUP) != 0 { usleep(5000) }
        }
        return .tooLong
    }

    /// The status of a program that has ended; nil while it runs.
    private static func wait(for process: pid_t, flags: Int32) -> Int32? {
        var status: Int32 = 0
        var ended = unsafe waitpid(process, &status, flags)
        while ended < 0 && errno == EINTR { ended = unsafe waitpid(process, &status, flags) }
        guard ended == process else { return nil }
        let signal = status & 0x7f
        return signal == 0 ? status >> 8 & 0xff : 128 + signal
    }

    private static func spawn(_ arguments: [String], input: Int32, output: Int32) throws(FileError) -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, input, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
        unsafe posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        // A group of its own, to be ended as one, and none of our ways with signals.
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        unsafe sigaddset(&signals, SIGPIPE)
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        unsafe posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var argv: [UnsafeMutablePointer<CChar>?] = unsafe arguments.map { unsafe strdup($0) } + [nil]
        defer { unsafe argv.forEach { unsafe free($0) } }
        var process = pid_t()
        let failure = unsafe posix_spawnp(&process, arguments[0], &actions, &attributes, &argv, environ)
        guard failure == 0 else { throw FileError("run", arguments[0], errorNumber: failure) }
        return process
    }

    /// Two ends that no other program inherits, closed with the value.
    private final class Pipe {
        private(set) var reader: Int32 = -1
        private(set) var writer: Int32 = -1

        init(_ program: String) throws(FileError) {
            var ends: [Int32] = [-1, -1]
            guard unsafe pipe(&ends) == 0 else { throw FileError("run", program) }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            (reader, writer) = (ends[0], ends[1])
        }

        func closeWriter() {
            if writer >= 0 { close(writer) }
            writer = -1
        }

        func closeBoth() {
            closeWriter()
            if reader >= 0 { close(reader) }
            reader = -1
        }

        deinit { closeBoth() }
    }
}
