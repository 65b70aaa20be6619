internal import ByteKit
internal import Glibc

/// A process with all that it has started, and what that has started, as `/proc` shows them.
struct ProcessFamily {
    /// The first process comes first.
    private(set) var members: [pid_t] = []

    init(of first: pid_t) {
        var children: [pid_t: [pid_t]] = [:]
        for name in (try? Folder.names(in: "/proc")) ?? [] {
            guard let process = pid_t(name), let parent = Self.parent(of: process) else { continue }
            children[parent, default: []].append(process)
        }
        guard kill(first, 0) == 0 else { return }
        members = [first]
        var next = 0
        while next < members.count {
            members += children[members[next]] ?? []
            next += 1
        }
    }

    /// Whether the members hold more memory than this, in bytes.
    ///
    /// What counts is what only memory holds. Files do not count, and so not what is in `/tmp`: in a sandbox that is a disk,
    /// though here it is memory. The quick sum counts pages that several share several times, and files in `/tmp` that
    /// are mapped; when it is too high, the exact one decides.
    func holdsMore(than limit: Int) -> Bool {
        guard members.reduce(0, { $0 + Self.quickMemory(of: $1) }) > limit else { return false }
        return members.reduce(0) { $0 + Self.exactMemory(of: $1) } > limit
    }

    /// Ends a process and its family. All are halted first, so that none can start another that was not seen.
    static func end(_ first: pid_t) {
        var halted: Set<pid_t> = []
        while true {
            let found = ProcessFamily(of: first).members.filter { halted.insert($0).inserted }
            if found.isEmpty { break }
            for process in found { kill(process, SIGSTOP) }
        }
        for process in halted { kill(process, SIGKILL) }
    }

    // MARK: - /proc

    /// Out of `/proc/N/stat`: `N (name, which may hold anything) S parent …`.
    private static func parent(of process: pid_t) -> pid_t? {
        let text = contents("/proc/\(process)/stat")
        guard let name = text.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let words = text[name...].split(separator: UInt8(ascii: " "))
        return words.count > 2 ? pid_t(String(decoding: words[2], as: UTF8.self)) : nil
    }

    private static func quickMemory(of process: pid_t) -> Int {
        var sum = 0
        for line in contents("/proc/\(process)/status").split(separator: UInt8(ascii: "\n")) {
            for name in ["RssAnon:", "RssShmem:", "VmSwap:"] where line.starts(with: name.utf8) { sum += amount(line) }
        }
        return sum
    }

    /// Each page by its share, over the mappings of no file or of one without a name: `/proc/N/smaps`.
    private static func exactMemory(of process: pid_t) -> Int {
        var sum = 0
        var isFile = false
        for line in contents("/proc/\(process)/smaps").split(separator: UInt8(ascii: "\n")) {
            if line.starts(with: "Pss:".utf8) {
                if !isFile { sum += amount(line) }
            } else if line.starts(with: "Anonymous:".utf8) {
                // Pages of a mapped file that were written to, and are the process's own since.
                if isFile { sum += amount(line) }
            } else if line.starts(with: "SwapPss:".utf8) {
                sum += amount(line)
            } else if let space = line.firstIndex(of: UInt8(ascii: " ")), line[..<space].contains(UInt8(ascii: "-")) {
                isFile = isMappedFile(line)
            }
        }
        return sum
    }

    /// `7f00-7f01 rw-p 00000000 fd:00 12 /path`: whether the path is a file's that could be on a disk.
    private static func isMappedFile(_ line: [UInt8].SubSequence) -> Bool {
        let rest = line.split(separator: UInt8(ascii: " "), maxSplits: 5).dropFirst(5).first ?? []
        let path = rest.drop { $0 == UInt8(ascii: " ") }
        let memory = ["/memfd:", "/dev/zero", "/SYSV", "/anon_hugepage", "/dev/shm/"]
        return path.first == UInt8(ascii: "/") && !memory.contains { path.starts(with: $0.utf8) }
    }

    /// `Name:   12 kB`, in bytes.
    static func amount(_ line: [UInt8].SubSequence) -> Int {
        let digits = line.drop { !(0x30...0x39).contains($0) }.prefix { (0x30...0x39).contains($0) }
        return (Int(String(decoding: digits, as: UTF8.self)) ?? 0) << 10
    }

    /// Files there have no size; one that is gone is empty.
    static func contents(_ path: String) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = unsafe piece.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { return bytes }
            bytes += piece[..<count]
        }
    }
}
