internal import ByteKit
internal import Glibc

/// A program of this machine that a test asks for a second opinion.
package enum Peer {
    /// How a program ended, and what it said.
    package struct Result: Sendable {
        /// The exit status; 128 and more for a signal. When it took too long: 124, or 137 when it did not end by itself then.
        package var status: Int32
        package var output: [UInt8]
        package var errors: [UInt8]

        /// The standard output as text.
        package var text: String { String(decoding: output, as: UTF8.self) }
        /// The standard error as text.
        package var errorText: String { String(decoding: errors, as: UTF8.self) }
    }

    /// Whether a program is on PATH; a test that needs a peer is disabled without it.
    package static func isInstalled(_ program: String) -> Bool {
        (environment("PATH") ?? "").split(separator: ":").contains { unsafe access("\($0)/\(program)", X_OK) == 0 }
    }

    /// A variable of this process.
    package static func environment(_ name: String) -> String? {
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }

    /// Runs a program to its end, ten minutes at most, with nothing on its standard input and no signal blocked.
    ///
    /// The variables are put on top of this process's own.
    package static func run(
        _ program: String, _ arguments: [String], variables: [(name: String, value: String)] = []
    ) throws -> Result {
        try Folder.withTemporary { folder in
            // Files, not pipes: nothing can block, whatever the program writes.
            let settings = variables.map { "\($0.name)=\($0.value)" }
            let script = #"out=$1 err=$2; shift 2; exec timeout -k 10 600 "$@" </dev/null >"$out" 2>"$err""#
            let status = try spawn(
                ["/bin/sh", "-c", script, "sh", "\(folder)/out", "\(folder)/err", "env"] + settings + [program]
                    + arguments)
            return Result(
                status: status, output: try InputFile.contents(of: "\(folder)/out", limit: 1 << 28),
                errors: try InputFile.contents(of: "\(folder)/err", limit: 1 << 28))
        }
    }

    /// Attributes of a program that hears every signal: the threads that tests run on have some blocked, and a program that
    /// inherits that ends at none of them.
    static func withAllSignals(_ body: (UnsafePointer<posix_spawnattr_t>) -> Int32) -> Int32 {
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        return unsafe body(&attributes)
    }

    private static func spawn(_ words: [String]) throws -> Int32 {
        var process = pid_t()
        var words: [UnsafeMutablePointer<CChar>?] = unsafe words.map { unsafe strdup($0) } + [nil]
        defer { unsafe words.forEach { unsafe free($0) } }
        let failure = unsafe withAllSignals { unsafe posix_spawn(&process, "/bin/sh", nil, $0, &words, environ) }
        guard failure == 0 else { throw FileError("run", "/bin/sh", errorNumber: failure) }
        var status: Int32 = 0
        while unsafe waitpid(process, &status, 0) < 0 {
            guard errno == EINTR else { throw FileError("wait for", "/bin/sh") }
        }
        let signal = status & 0x7f
        return signal == 0 ? status >> 8 & 0xff : 128 + signal
    }
}
