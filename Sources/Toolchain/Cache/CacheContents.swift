internal import ByteKit
internal import Glibc
package import JSON

/// What a cache holds, and how it is cleaned up.
package struct CacheContents: Sendable {
    package enum Kind: String, Sendable {
        /// A layer or document as a registry serves it.
        case blob
        /// A compiled layer.
        case object
        /// A blob that has not come whole.
        case partial
    }

    package struct Entry: Sendable, Equatable {
        package let kind: Kind
        /// The file's path below the cache.
        package let name: String
        package let size: Int
        /// When a build last made use of it, in seconds since 1970.
        package let lastUsed: Int
        /// Whether it is for another version of scar-build.
        package let isForeign: Bool
    }

    package let root: String
    /// What was of use last comes last.
    package private(set) var entries: [Entry]

    /// Looks at a cache. One that is not there is empty.
    package init(_ root: String) throws {
        self.root = root
        entries = []
        try add(.blob, "blobs/sha256")
        for version in try Self.names(root + "/objects") {
            try add(.object, "objects/\(version)", isForeign: version != Cache.objectVersion)
        }
        try add(.partial, "partials")
        entries.sort { ($0.lastUsed, $0.name) < ($1.lastUsed, $1.name) }
    }

    /// Bytes of all files.
    package var size: Int { entries.reduce(0) { $0 + $1.size } }

    private mutating func add(_ kind: Kind, _ folder: String, isForeign: Bool = false) throws {
        for name in try Self.names("\(root)/\(folder)") {
            var status = stat()
            let path = "\(root)/\(folder)/\(name)"
            guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
            entries.append(
                Entry(
                    kind: kind, name: "\(folder)/\(name)", size: Int(status.st_size), lastUsed: status.st_mtim.tv_sec,
                    isForeign: isForeign))
        }
    }

    private static func names(_ folder: String) throws -> [String] {
        do throws(FileError) {
            return try Folder.names(in: folder)
        } catch {
            if error.errorNumber == ENOENT { return [] }
            throw error
        }
    }
}

extension CacheContents {
    /// Which files go.
    package struct Limits: Sendable {
        /// What stays takes at most this many bytes.
        package var size: Int?
        /// What was of no use for so many seconds goes.
        package var age: Int?

        package init(size: Int? = nil, age: Int? = nil) {
            self.size = size
            self.age = age
        }
    }

    /// Frees what is beyond the limits, the longest unused first; without limits, what no build can use: unfinished blobs
    /// and compiled layers of other versions. Builds that use the cache are waited for.
    ///
    /// - Parameters:
    ///   - now: seconds since 1970.
    ///   - waits: called once when there is a build to wait for.
    /// - Returns: what has gone.
    package static func clean(
        _ root: String, _ limits: Limits, now: Int, waits: () -> Void
    ) throws -> (removed: [Entry], left: CacheContents) {
        guard unsafe access(root, F_OK) == 0 else { return ([], try CacheContents(root)) }
        let lock = CacheLock(root, isExclusive: true, waits: waits)
        try Cancellation.check()
        guard lock != nil else {
            throw ToolError(
                "cache-lock", "\(root) cannot be locked, so builds that use it would not be noticed",
                hint: "see that no build runs, and remove the folder instead")
        }
        return try withExtendedLifetime(lock) {
            var left = try CacheContents(root)
            let removed = try left.remove(left.superfluous(limits, now: now))
            return (removed, left)
        }
    }

    private func superfluous(_ limits: Limits, now: Int) -> Set<String> {
        var names: Set<String> = []
        var size = size
        func drop(_ entry: Entry) {
            if names.insert(entry.name).inserted { size -= entry.size }
        }
        for entry in entries where entry.isForeign { drop(entry) }
        if limits.size == nil && limits.age == nil {
            for entry in entries where entry.kind == .partial { drop(entry) }
        }
        if let age = limits.age {
            for entry in entries where entry.lastUsed <= now - age { drop(entry) }
        }
        if let limit = limits.size {
            for entry in entries where size > limit { drop(entry) }
        }
        return names
    }

    private mutating func remove(_ names: Set<String>) throws -> [Entry] {
        var removed: [Entry] = []
        for entry in entries where names.contains(entry.name) {
            let path = "\(root)/\(entry.name)"
            guard unsafe unlink(path) == 0 || errno == ENOENT else { throw FileError("remove", path) }
            removed.append(entry)
        }
        entries.removeAll { names.contains($0.name) }
        return removed
    }
}

extension CacheContents {
    /// The contents as a table, a line for each file and one for all.
    package func text(now: Int) -> String {
        var lines = entries.map { entry in
            let kind = entry.kind.rawValue + String(repeating: " ", count: 8 - entry.kind.rawValue.utf8.count)
            let size = ByteCount.text(entry.size)
            let age = Self.age(now - entry.lastUsed)
            return kind + String(repeating: " ", count: max(0, 9 - size.utf8.count)) + size
                + String(repeating: " ", count: max(1, 6 - age.utf8.count)) + age + "  "
                + Diagnostic.printable(entry.name)
        }
        lines.append("\(entries.count) files, \(ByteCount.text(size)) in \(root)")
        return lines.joined(separator: "\n")
    }

    private static func age(_ seconds: Int) -> String {
        switch seconds {
        case ..<60: "now"
        case ..<3600: "\(seconds / 60)m"
        case ..<86_400: "\(seconds / 3600)h"
        default: "\(seconds / 86_400)d"
        }
    }

    /// The contents for machines.
    package var json: JSON {
        .object([
            ("cache", .string(root)), ("size", .integer(size)), ("files", .array(entries.map(\.json))),
        ])
    }
}

extension CacheContents.Entry {
    package var json: JSON {
        .object([
            ("kind", .string(kind.rawValue)), ("name", .string(name)), ("size", .integer(size)),
            ("lastUsed", .integer(lastUsed)),
        ])
    }
}
