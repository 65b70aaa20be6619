internal import ByteKit
internal import Glibc
internal import JSON
package import Recipe

/// How much of Lambda's sandbox a run on this machine gets. docs/cage.md says what is in it.
package enum Cage: Sendable, Equatable {
    /// All of it, by the bubblewrap at this path.
    case bubblewrap(String)
    /// The function runs as whoever starts it; only limits that need no namespaces hold.
    case none

    /// The best that can be had here, and when that is none, why.
    package static func find() -> (cage: Cage, lack: String?) {
        let folders = (unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? "").split(separator: ":")
        let paths = folders.map { "\($0)/bwrap" }
        guard let path = paths.first(where: { unsafe access($0, X_OK) == 0 }) else {
            return (.none, "bubblewrap is not installed (apt-get install bubblewrap)")
        }
        do {
            try Folder.withTemporary { folder in try attempt(path, in: folder) }
            return (.bubblewrap(path), nil)
        } catch let error as any DiagnosableError {
            return (.none, error.diagnostic.message)
        } catch {
            return (.none, "\(error)")
        }
    }

    /// What a person should know before a function runs in this cage: its `/tmp` is memory, of which there may be too little.
    package func shortage(for function: Recipe.Function) -> String? {
        guard self != .none, let free = Self.freeMemory, free >> 20 < function.ephemeralStorage else { return nil }
        return "the cage's /tmp is memory of this machine: the function may fill \(function.ephemeralStorage) MB, "
            + "and \(free >> 20) MB are free"
    }

    /// Bytes that programs could still get. proc_meminfo(5), MemAvailable.
    static var freeMemory: Int? {
        let lines = ProcessFamily.contents("/proc/meminfo").split(separator: UInt8(ascii: "\n"))
        return lines.first { $0.starts(with: "MemAvailable:".utf8) }.map(ProcessFamily.amount)
    }

    /// Whether namespaces are allowed here shows only when they are made: a whole cage, around a program that ends at once.
    private static func attempt(_ bubblewrap: String, in folder: String) throws {
        let said = try HostPipe()
        let root = CageRoot(package: folder, storage: folder, files: folder, ephemeralStorage: 1, variables: [])
        let started = Result {
            try CagedProcess.start(bubblewrap, root, program: ["/bin/true"], output: said.writeEnd)
        }
        said.closeWrite()
        let last = String(decoding: said.readAll(), as: UTF8.self).split(separator: "\n").last.map(String.init)
        var status: Int32 = 0
        let process = try started.get().process
        while unsafe waitpid(process, &status, 0) < 0 && errno == EINTR {}
        guard status == 0 else {
            throw ToolError("no-cage", "bubblewrap cannot make one here (\(last ?? "it says nothing"))")
        }
    }
}

/// bubblewrap at work.
struct CagedProcess {
    /// bubblewrap itself, on this side.
    var process: pid_t
    /// The first process in the cage: with it, all others end. Nil when bubblewrap failed before there was one.
    var first: pid_t?

    /// Starts a program in a cage, with Lambda's limits on files and processes.
    static func start(
        _ bubblewrap: String, _ root: CageRoot, program: [String], output: Int32
    ) throws -> CagedProcess {
        let news = try HostPipe()
        let permission = try HostPipe()
        let filter = try MemoryFile(SystemCallFilter().bytes)
        let options = try root.arguments() + ["--info-fd", "3", "--block-fd", "4", "--seccomp", "5"]
        // Not on the command line, which everybody can read: the variables may be secrets.
        let arguments = try MemoryFile(options.flatMap { Array($0.utf8) + [0] })
        let command = HostCommand(
            path: bubblewrap, arguments: [bubblewrap, "--args", "6"] + program, environment: [],
            descriptors: [news.writeEnd, permission.readEnd, filter.descriptor, arguments.descriptor], output: output)
        let process = try command.start()
        news.closeWrite()
        permission.closeRead()
        let first = (try? JSON.parse(news.readAll()))?["child-pid"]?.integer.flatMap { pid_t(exactly: $0) }
        // bubblewrap waits before it starts the program, so that all of it has these limits.
        if let first { Self.limit(first) }
        permission.closeWrite()
        return CagedProcess(process: process, first: first)
    }

    /// Lambda's quotas. The kernel counts processes for each user namespace from 5.14 on; before that all that the
    /// user runs would be counted.
    private static func limit(_ process: pid_t) {
        try? ProcessLimit.openFiles.lower(to: 1024, of: process)
        try? ProcessLimit.coreSize.lower(to: 0, of: process)
        if countsByNamespace { try? ProcessLimit.processes.lower(to: 1024, of: process) }
    }

    private static let countsByNamespace: Bool = {
        var name = utsname()
        guard unsafe uname(&name) == 0 else { return false }
        let release = unsafe withUnsafePointer(to: &name.release) {
            unsafe $0.withMemoryRebound(to: CChar.self, capacity: 65) { unsafe String(cString: $0) }
        }
        let numbers = release.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
        return numbers.count == 2 && (numbers[0], numbers[1]) >= (5, 14)
    }()
}
