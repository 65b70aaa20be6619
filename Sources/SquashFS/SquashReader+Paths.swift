extension SquashReader {
    /// The inode at a path from the root, following no symlinks. Empty components and `.` are passed over.
    package func inode(path: [UInt8]) throws(SquashError) -> SquashInode {
        var inode = try root()
        for component in path.split(separator: UInt8(ascii: "/")) where !component.elementsEqual([UInt8(ascii: ".")]) {
            guard inode.isDirectory else { throw SquashError(.notDirectory, path: path) }
            guard let found = try lookUp([UInt8](component), in: inode) else {
                throw SquashError(.notFound, path: path)
            }
            inode = found
        }
        return inode
    }

    /// The inode that a path leads to in a system whose root is this image's: symlinks are followed, absolute targets
    /// begin at the image's root, and `..` does not lead out of it.
    package func inode(following path: [UInt8]) throws(SquashError) -> SquashInode {
        // The directories that the walk is in, the root first.
        var directories = [try root()]
        // What is left to walk, the next component last.
        var rest = Self.components(path)
        var links = 0
        while let component = rest.popLast() {
            guard let directory = directories.last else { break }
            if component == [UInt8(ascii: "."), UInt8(ascii: ".")] {
                if directories.count > 1 { directories.removeLast() }
                continue
            }
            guard let found = try lookUp(component, in: directory) else { throw SquashError(.notFound, path: path) }
            switch found.content {
            case .directory:
                // A directory that is in itself, by a malformed image, would otherwise be walked without end.
                guard directories.count < SquashWalker.deepest else { throw SquashError(.tooDeep, path: path) }
                directories.append(found)
            case .symlink(let target):
                links += 1
                guard links <= Self.mostLinks else { throw SquashError(.tooManyLinks, path: path) }
                if target.first == UInt8(ascii: "/") { directories.removeSubrange(1...) }
                rest += Self.components(target)
            default:
                guard rest.isEmpty else { throw SquashError(.notDirectory, path: path) }
                return found
            }
        }
        guard let directory = directories.last else { throw SquashError(.notFound, path: path) }
        return directory
    }

    /// The regular file that a path leads to, for `read`. Nothing but the metadata on the way to it is read.
    package func file(following path: [UInt8]) throws(SquashError) -> SquashInode {
        let inode = try inode(following: path)
        guard inode.file != nil else { throw SquashError(.notFile, path: path) }
        return inode
    }

    /// As many symlinks as Linux follows in a path: path_resolution(7).
    private static var mostLinks: Int { 40 }

    /// A path's components in reverse, without empty ones and `.`.
    private static func components(_ path: [UInt8]) -> [[UInt8]] {
        var components: [[UInt8]] = []
        for component in path.split(separator: UInt8(ascii: "/")).reversed()
        where !component.elementsEqual([UInt8(ascii: ".")]) {
            components.append([UInt8](component))
        }
        return components
    }
}
