/// One entry of a layer, its headers merged and its name made clean.
package struct TarEntry: Sendable, Equatable {
    package enum Kind: UInt8, Sendable {
        case file = 0
        case directory = 1
        case symlink = 2
        case hardLink = 3
        case characterDevice = 4
        case blockDevice = 5
        case fifo = 6
    }

    package var kind: Kind
    /// Clean and relative to the root: no empty, `.` or `..` component; empty for the root itself.
    package var path: [UInt8]
    /// A symlink's target as written; a hard link's target, clean like `path`.
    package var target: [UInt8] = []
    /// Permission bits, setuid, setgid and sticky.
    package var mode: UInt16
    package var userID: UInt32
    package var groupID: UInt32
    /// Seconds since 1970; fractions are dropped, as squashfs has none.
    package var modificationTime: Int64
    /// Bytes of content that follow.
    package var size: Int = 0
    package var deviceMajor: UInt32 = 0
    package var deviceMinor: UInt32 = 0
    /// Sorted by name, each name once.
    package var xattrs: [Xattr] = []

    package struct Xattr: Sendable, Hashable {
        /// With its prefix: `user.note`, `security.capability`.
        package var name: [UInt8]
        package var value: [UInt8]

        package init(name: [UInt8], value: [UInt8]) {
            self.name = name
            self.value = value
        }
    }

    package init(
        kind: Kind, path: [UInt8], target: [UInt8] = [], mode: UInt16, userID: UInt32 = 0, groupID: UInt32 = 0,
        modificationTime: Int64 = 0, size: Int = 0
    ) {
        self.kind = kind
        self.path = path
        self.target = target
        self.mode = mode
        self.userID = userID
        self.groupID = groupID
        self.modificationTime = modificationTime
        self.size = size
    }
}

/// Names as layers write them, and as we keep them.
package enum LayerPath {
    /// The longest component Linux takes.
    static let componentLimit = 255
    /// The longest path Linux takes, its NUL not counted.
    package static let pathLimit = 4095

    /// Makes a name relative to the root and clean: `./a//b/../c` is `a/c`, and nothing climbs above the root,
    /// as every extractor that is anchored in its root sees it.
    package static func clean(_ name: [UInt8]) throws(LayerError) -> [UInt8] {
        guard !name.contains(0) else { throw LayerError(.badName, "a name holds a NUL byte", path: name) }
        // Nearly every name is clean already; find out without taking it apart.
        if isClean(name[...]) { return name }
        var kept: [ArraySlice<UInt8>] = []
        for component in name.split(separator: UInt8(ascii: "/")) {
            if component.elementsEqual([UInt8(ascii: ".")]) { continue }
            if component.elementsEqual([UInt8(ascii: "."), UInt8(ascii: ".")]) {
                _ = kept.popLast()
                continue
            }
            guard component.count <= componentLimit
            else {
                throw LayerError(
                    .badName, "a name has a component of \(component.count) bytes; 255 is the most", path: name)
            }
            kept.append(component)
        }
        let path = Array(kept.joined(separator: [UInt8(ascii: "/")]))
        guard path.count <= pathLimit
        else { throw LayerError(.badName, "a path of \(path.count) bytes is longer than Linux takes", path: name) }
        return path
    }

    /// Whether a name is as `clean` would make it, and not empty.
    static func isClean(_ name: ArraySlice<UInt8>) -> Bool {
        guard name.count <= pathLimit else { return false }
        var length = 0
        var dots = 0
        for byte in name {
            if byte == UInt8(ascii: "/") {
                if length == 0 || (length <= 2 && dots == length) || length > componentLimit { return false }
                length = 0
                dots = 0
            } else {
                length += 1
                if byte == UInt8(ascii: ".") { dots += 1 }
            }
        }
        return length > 0 && !(length <= 2 && dots == length) && length <= componentLimit
    }
}
