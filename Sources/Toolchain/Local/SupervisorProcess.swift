internal import ByteKit
internal import Glibc

/// A running supervisor, in a cage or without one, with all that it has started.
final class SupervisorProcess: Sendable {
    /// How it was started.
    struct Start {
        var cage: Cage
        var package: StagedPackage
        /// The folder that plays the buckets.
        var storage: String
        /// A folder of this run's own.
        var place: String
        /// Room in `/tmp`, in MB.
        var ephemeralStorage: Int
        var variables: [(name: String, value: String)]
        /// Where the function's own words go.
        var output: Int32
    }

    private let process: pid_t
    /// The first process in the cage; nil without one.
    private let first: pid_t?
    private let exit = Monitor<Int32?>(nil)

    /// - Parameter whenEnded: called, on another thread, when the process is gone for whatever reason.
    init(_ start: Start, whenEnded: @escaping @Sendable () -> Void) throws {
        switch start.cage {
        case .bubblewrap(let path):
            let root = CageRoot(
                package: start.package.task, layer: start.package.layer, image: start.package.root,
                storage: start.storage, files: start.place,
                ephemeralStorage: start.ephemeralStorage, variables: start.variables)
            let caged = try CagedProcess.start(
                path, root, program: [start.package.supervisor], output: start.output)
            (process, first) = (caged.process, caged.first)
        case .none:
            let path = "\(start.package.task)/bootstrap"
            process = try HostCommand(
                path: path, arguments: [path], environment: start.variables.map { "\($0.name)=\($0.value)" },
                output: start.output
            ).start()
            first = nil
            // What it starts later has them; the supervisor itself does not come near them.
            try? ProcessLimit.openFiles.lower(to: 1024, of: process)
            try? ProcessLimit.coreSize.lower(to: 0, of: process)
        }
        let exit = exit
        _ = try Thread { [process] in
            var status: Int32 = 0
            while unsafe waitpid(process, &status, 0) < 0 && errno == EINTR {}
            exit.withLock { $0 = status }
            whenEnded()
        }
    }

    var hasEnded: Bool { exit.withLock { $0 != nil } }

    /// Whether all processes together hold more memory than this, in bytes.
    func holdsMore(than limit: Int) -> Bool { ProcessFamily(of: process).holdsMore(than: limit) }

    /// How it ended, in Lambda's words. It waits for that.
    func ending() -> String {
        let status = exit.wait { $0 }
        let signal = status & 0x7f
        // bubblewrap passes a signal on as a shell does.
        let number = signal != 0 ? signal : (status >> 8 & 0xff) - 128
        guard number > 0 else { return "exit status \(status >> 8 & 0xff)" }
        return "signal: \(number == SIGKILL ? "killed" : unsafe String(cString: strsignal(number)).lowercased())"
    }

    /// Asks the process to go, and ends it when it does not within two seconds. In a cage nothing needs to be asked: all
    /// that could be left behind goes with it.
    func stop() {
        // The waiting thread reaps the process, so between the look and the signal it may be gone: its number is not
        // taken again that fast.
        if first == nil, !hasEnded {
            kill(process, SIGTERM)
            for _ in 0..<100 where !hasEnded { usleep(20_000) }
        }
        end()
    }

    /// Ends all processes at once.
    func end() {
        if hasEnded { return }
        if let first {
            // bubblewrap sees the first process go, when the kernel has ended all others in the cage.
            kill(first, SIGKILL)
        } else {
            ProcessFamily.end(process)
        }
        exit.wait { $0 == nil ? nil : () }
    }
}
