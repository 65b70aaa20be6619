internal import Glibc

/// What tells whether a file is still the one it was, without reading it: the kernel changes one of these whenever
/// someone writes to the file, replaces it, or sets its attributes.
package struct FileIdentity: Equatable, Sendable {
    package var device: UInt64
    package var inode: UInt64
    package var mode: UInt32
    package var size: Int
    /// Nanoseconds since 1970 of the last write, and of the last change to anything about the file.
    package var modified: Int
    package var changed: Int

    /// Looks at a file; nil when there is none.
    package init?(_ path: String, followsLinks: Bool = false) {
        var status = stat()
        guard unsafe (followsLinks ? stat(path, &status) : lstat(path, &status)) == 0 else { return nil }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        mode = status.st_mode
        size = Int(status.st_size)
        modified = Self.nanoseconds(status.st_mtim)
        changed = Self.nanoseconds(status.st_ctim)
    }

    /// All of it in one line of text.
    package var text: String { "\(device):\(inode):\(mode):\(size):\(modified):\(changed)" }

    /// Wraps for years beyond 2262: it only has to differ.
    private static func nanoseconds(_ time: timespec) -> Int { Int(time.tv_sec) &* 1_000_000_000 &+ Int(time.tv_nsec) }
}
