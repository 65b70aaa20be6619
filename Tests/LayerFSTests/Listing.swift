import ByteKit
import Glibc
import LayerFS
import SquashFS
import TestKit
import Testing

/// All that a tree of files says about itself, however it is kept: a line of facts for each path.
struct Listing {
    /// Kind, mode, owner, device, target, content, attributes and the other names of the same file.
    var facts: [[UInt8]: String] = [:]
    var times: [[UInt8]: Int64] = [:]

    /// What is known of one name.
    struct Entry {
        var path: [UInt8]
        var kind: Character
        var mode: UInt16
        var owner: UInt32
        var group: UInt32
        var time: Int64
        var device: (major: UInt32, minor: UInt32)?
        var target: [UInt8] = []
        var content: [UInt8]?
        var xattrs: [(name: [UInt8], value: [UInt8])] = []
        /// Equal for names of the same file.
        var identity: UInt64
    }

    init(_ entries: [Entry]) {
        var names: [UInt64: [String]] = [:]
        for entry in entries where entry.kind != "d" { names[entry.identity, default: []].append(text(entry.path)) }
        for entry in entries {
            // A symlink's own mode means nothing to Linux, and not every tree can keep one.
            var facts = entry.kind == "l" ? "l" : "\(entry.kind) \(String(entry.mode, radix: 8))"
            facts += " \(entry.owner):\(entry.group)"
            if let device = entry.device { facts += " \(device.major),\(device.minor)" }
            if entry.kind == "l" { facts += " -> \(text(entry.target))" }
            if let content = entry.content { facts += " \(content.count) \(Digest(of: content).hex.prefix(16))" }
            for xattr in entry.xattrs.sorted(by: { $0.name.lexicographicallyPrecedes($1.name) }) {
                facts += " \(text(xattr.name))=\(hexadecimal(xattr.value))"
            }
            if entry.kind != "d", let group = names[entry.identity], group.count > 1 {
                facts += " links \(group.sorted())"
            }
            self.facts[entry.path] = facts
            times[entry.path] = entry.time
        }
    }

    /// What differs, a line each. Times of `other` from `clock` on are not compared: nobody but the clock said them.
    func differences(from other: Listing, clock: Int64 = .max) -> [String] {
        var lines: [[UInt8]: String] = [:]
        for path in Set(facts.keys).union(other.facts.keys) {
            let (mine, theirs) = (facts[path], other.facts[path])
            if mine != theirs { lines[path] = "\(mine ?? "missing") / \(theirs ?? "missing")" }
            if let mine = times[path], let theirs = other.times[path], theirs < clock, mine != theirs {
                lines[path, default: ""] += " time \(mine) / \(theirs)"
            }
        }
        return lines.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { "/\(text($0.key)): \($0.value)" }
    }
}

/// Expects two trees to say the same of themselves, and shows where they do not.
func expectSame(
    _ mine: Listing, _ theirs: Listing, clock: Int64 = .max, sourceLocation: SourceLocation = #_sourceLocation
) {
    let differences = mine.differences(from: theirs, clock: clock)
    #expect(differences == [], sourceLocation: sourceLocation)
}

// MARK: - The trees there are

extension Listing {
    /// A linked tree.
    init(_ linked: Linker.LinkedTree) throws {
        self.init(
            try linked.order.preorder.map { node in
                let inode = linked.tree.inode(of: node)
                let kind: Character =
                    switch inode.kind {
                    case .directory: "d"
                    case .file, .hardLink: "f"
                    case .symlink: "l"
                    case .characterDevice: "c"
                    case .blockDevice: "b"
                    case .fifo: "p"
                    }
                return Entry(
                    path: linked.tree.path(of: node), kind: kind, mode: inode.mode, owner: inode.userID,
                    group: inode.groupID, time: inode.modificationTime,
                    device: kind == "c" || kind == "b" ? inode.device : nil, target: inode.target,
                    content: kind == "f" ? try linked.bytes(of: node) : nil,
                    xattrs: inode.xattrs.map { ($0.name, $0.value) },
                    identity: UInt64(linked.tree.nodes[Int(node)].inode))
            })
    }

    /// A squashfs image, as our own reader sees it.
    init(squash path: String) throws {
        let file = try InputFile(path)
        let reader = try SquashReader(descriptor: file.descriptor)
        var entries: [Entry] = []
        var walker = reader.walk()
        while let found = try walker.next() {
            let inode = found.inode
            var entry = Entry(
                path: found.path, kind: "p", mode: inode.permissions, owner: inode.owner, group: inode.group,
                time: Int64(inode.modified),
                xattrs: try reader.attributes(of: inode).map { ($0.name, $0.value) }, identity: UInt64(inode.number))
            switch inode.content {
            case .directory: entry.kind = "d"
            case .file: (entry.kind, entry.content) = ("f", try reader.contents(of: inode, limit: 1 << 28))
            case .symlink(let target): (entry.kind, entry.target) = ("l", target)
            case .blockDevice(let number): (entry.kind, entry.device) = ("b", Self.device(number))
            case .characterDevice(let number): (entry.kind, entry.device) = ("c", Self.device(number))
            case .fifo: entry.kind = "p"
            case .socket: entry.kind = "s"
            }
            entries.append(entry)
        }
        self.init(entries)
    }

    /// As Linux keeps device numbers in 32 bits.
    private static func device(_ number: UInt32) -> (major: UInt32, minor: UInt32) {
        (number >> 8 & 0xfff, number & 0xff | number >> 12 & 0xfff00)
    }

    /// A folder of this machine. Names must be UTF-8.
    init(folder: String) throws {
        var entries: [Entry] = []
        var pending = [(path: folder, name: [UInt8]())]
        while let next = pending.popLast() {
            let entry = try Self.entry(next.path, next.name)
            entries.append(entry)
            guard entry.kind == "d" else { continue }
            for name in try Folder.names(in: next.path) {
                let below = (next.name.isEmpty ? [] : next.name + [UInt8(ascii: "/")]) + Array(name.utf8)
                pending.append(("\(next.path)/\(name)", below))
            }
        }
        // Links are told by all their names, in the same order everywhere.
        entries.sort { $0.path.lexicographicallyPrecedes($1.path) }
        self.init(entries)
    }

    private static func entry(_ path: String, _ name: [UInt8]) throws -> Entry {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { throw FileError("stat", path) }
        var entry = Entry(
            path: name, kind: "?", mode: UInt16(status.st_mode & 0o7777), owner: status.st_uid, group: status.st_gid,
            time: Int64(status.st_mtim.tv_sec), xattrs: HostFile.xattrs(path), identity: UInt64(status.st_ino))
        switch status.st_mode & S_IFMT {
        case S_IFDIR: entry.kind = "d"
        case S_IFREG: (entry.kind, entry.content) = ("f", try InputFile.contents(of: path, limit: 1 << 28))
        case S_IFLNK: (entry.kind, entry.target) = ("l", HostFile.target(path))
        case S_IFCHR: (entry.kind, entry.device) = ("c", HostFile.device(status.st_rdev))
        case S_IFBLK: (entry.kind, entry.device) = ("b", HostFile.device(status.st_rdev))
        case S_IFIFO: entry.kind = "p"
        default: break
        }
        return entry
    }
}

/// What Swift's library does not ask the kernel.
enum HostFile {
    /// A symlink's target.
    static func target(_ path: String) -> [UInt8] {
        var buffer = [CChar](repeating: 0, count: 8192)
        let count = unsafe readlink(path, &buffer, buffer.count)
        return buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }
    }

    /// A device number's parts, as glibc keeps them in 64 bits.
    static func device(_ number: UInt) -> (major: UInt32, minor: UInt32) {
        (UInt32(number >> 8 & 0xfff | number >> 32 & 0xffff_f000), UInt32(number & 0xff | number >> 12 & 0xffff_ff00))
    }

    /// The extended attributes of a file, or of a symlink itself.
    static func xattrs(_ path: String) -> [(name: [UInt8], value: [UInt8])] {
        guard unsafe list(path, nil, 0) > 0 else { return [] }
        var names = [UInt8](repeating: 0, count: 65536)
        let count = unsafe list(path, &names, names.count)
        return names.prefix(max(0, count)).split(separator: 0).compactMap { name in
            var value = [UInt8](repeating: 0, count: 65536)
            let size = unsafe get(path, text(name), &value, value.count)
            return size < 0 ? nil : (Array(name), Array(value.prefix(size)))
        }
    }

    // Swift's Glibc module leaves these two out; they are looked up where all of glibc's functions are.
    private typealias List = @convention(c) (UnsafePointer<CChar>, UnsafeMutableRawPointer?, Int) -> Int
    private typealias Get =
        @convention(c) (UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafeMutableRawPointer?, Int) -> Int
    private static let list = unsafe unsafeBitCast(dlsym(nil, "llistxattr"), to: List.self)
    private static let get = unsafe unsafeBitCast(dlsym(nil, "lgetxattr"), to: Get.self)
}
