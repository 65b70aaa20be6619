#if !hasFeature(Embedded)
    internal import JSON
#endif

/// Where paths of the image are on this machine: what the path library does for programs that run.
struct ImagePaths {
    /// The image's root without a slash at its end; empty when the image is the root.
    let root: [UInt8]
    /// Folders that are the machine's for programs of the image, too.
    let host: [[UInt8]]

    /// - Parameters:
    ///   - spec: the function's.
    ///   - package: the package's folder.
    ///   - scratch: where invocations have their folders.
    init(_ spec: LaunchSpec, package: [UInt8], scratch: [UInt8]) {
        root = spec.root.isEqual(to: "/") ? [] : spec.root
        host = [package, scratch] + (spec.relocation?.host ?? [])
    }

    /// Whether the image is not the root.
    var isMoved: Bool { !root.isEmpty }

    /// Where a path of the image is. One that is the machine's, or below the root already, and a relative one stay.
    func onHost(_ path: [UInt8]) -> [UInt8] {
        guard isMoved, path.first == UInt8(ascii: "/") else { return path }
        let plain = Self.plain(path)
        return isHosts(plain) ? plain : root + (plain.count == 1 ? [] : plain)
    }

    /// The same for each path of a list.
    func onHost(list: [UInt8]) -> [UInt8] {
        var mapped: [UInt8] = []
        var item: [UInt8] = []
        for byte in list {
            if Self.isSeparator(byte) {
                mapped += onHost(item)
                mapped.append(byte)
                item = []
            } else {
                item.append(byte)
            }
        }
        return mapped + onHost(item)
    }

    private func isHosts(_ path: [UInt8]) -> Bool {
        if Self.isInside(path, root) || host.contains(where: { Self.isInside(path, $0) }) { return true }
        let folders: [StaticString] = ["/proc", "/dev", "/sys", "/tmp"]
        return folders.contains { Self.isInside(path, [UInt8]($0)) }
    }

    /// What stands between the paths of a list of libraries or their folders. ld.so(8).
    private static func isSeparator(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ":") || byte == UInt8(ascii: ";") || byte == UInt8(ascii: " ")
    }

    private static func isInside(_ path: [UInt8], _ folder: [UInt8]) -> Bool {
        path.starts(with: folder) && (path.count == folder.count || path[folder.count] == UInt8(ascii: "/"))
    }

    /// An absolute path without empty, `.` and `..` components; `..` ends at the root.
    private static func plain(_ path: [UInt8]) -> [UInt8] {
        var parts: [[UInt8]] = []
        for part in path.parts(separatedBy: UInt8(ascii: "/")) where !part.isEmpty && !part.isEqual(to: ".") {
            if part.isEqual(to: "..") { _ = parts.popLast() } else { parts.append(part) }
        }
        return parts.isEmpty ? [UInt8]("/") : parts.reduce(into: []) { $0 += [UInt8(ascii: "/")] + $1 }
    }
}
