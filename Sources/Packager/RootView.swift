internal import ByteKit

/// A look into an image's root folder, wherever it is kept: in a file tree, an artifact or a folder of this machine.
///
/// Paths are relative to the root, without leading slash and without `.` or `..`; the root itself is the empty path.
/// Nothing here follows links: `resolve` does, inside the root.
package struct RootView {
    package enum Entry: Equatable, Sendable {
        case folder
        /// A regular file and its size in bytes.
        case file(size: Int)
        /// A symbolic link and what it says.
        case link(String)
        /// A device, pipe or socket.
        case other
    }

    /// What stands at a path; nil for nothing.
    package var entry: (_ path: String) -> Entry?
    /// The names in a folder, in byte order.
    package var names: (_ folder: String) -> [String]
    /// Some bytes of a regular file: fewer than `count` only at its end.
    package var read: (_ path: String, _ offset: Int, _ count: Int) throws -> [UInt8]

    package init(
        entry: @escaping (_ path: String) -> Entry?, names: @escaping (_ folder: String) -> [String],
        read: @escaping (_ path: String, _ offset: Int, _ count: Int) throws -> [UInt8]
    ) {
        self.entry = entry
        self.names = names
        self.read = read
    }
}

extension RootView {
    /// Where a path leads once all links are followed, and what is there.
    struct Resolved: Equatable {
        /// Without links, without leading slash.
        var path: String
        var entry: Entry
    }

    /// As many links as Linux follows (path_resolution(7)).
    private static let mostLinks = 40

    /// Follows a path as the kernel would if the root were its root: absolute links begin there, and `..` ends there.
    func resolve(_ path: String) -> Resolved? {
        var pending = Self.components(path)
        var done: [String] = []
        var links = 0
        var entry = Entry.folder
        while let component = pending.popLast() {
            if component == ".." {
                _ = done.popLast()
                entry = .folder
                continue
            }
            // Only a folder has something below it.
            guard entry == .folder else { return nil }
            let inner = (done + [component]).joined(separator: "/")
            guard let found = self.entry(inner) else { return nil }
            guard case .link(let target) = found else {
                done.append(component)
                entry = found
                continue
            }
            links += 1
            guard links <= Self.mostLinks, target.utf8.count < 4096, pending.count < 4096 else { return nil }
            if target.utf8.first == UInt8(ascii: "/") { done = [] }
            pending += Self.components(target)
        }
        return Resolved(path: done.joined(separator: "/"), entry: entry)
    }

    /// A folder with its links followed; nil when there is none.
    func folder(_ path: String) -> String? {
        guard let resolved = resolve(path), resolved.entry == .folder else { return nil }
        return resolved.path
    }

    /// A regular file with its links followed, and its size.
    func file(_ path: String) -> (path: String, size: Int)? {
        guard let resolved = resolve(path), case .file(let size) = resolved.entry else { return nil }
        return (resolved.path, size)
    }

    /// Some bytes of a file without links in its path; fewer at its end.
    func bytes(_ path: String, at offset: Int, count: Int) throws(PackagerError) -> [UInt8] {
        do {
            return try read(path, offset, count)
        } catch {
            let reason = (error as? any DiagnosableError)?.diagnostic.message ?? "it cannot be read"
            throw PackagerError(.file, "cannot read /\(path) of the image: \(reason)")
        }
    }

    /// A whole small file; nil when it is larger than `limit`.
    func contents(_ path: String, limit: Int) throws(PackagerError) -> [UInt8]? {
        guard let file = file(path), file.size <= limit else { return nil }
        return try bytes(file.path, at: 0, count: file.size)
    }

    /// The components of a path in reverse order, so that the first one can be taken from the end.
    private static func components(_ path: String) -> [String] {
        path.split(separator: "/").filter { $0 != "." }.reversed().map(String.init)
    }
}
