extension Comparison {
    /// A folder, and by how much what is below it grew.
    package struct FolderChange: Sendable, Equatable {
        package var path: [UInt8]
        package var bytes: Int
        package var files: Int
    }

    /// The folders in which something changed, at most so many levels deep; what changed most first.
    package func folders(depth: Int = 3) -> [FolderChange] {
        var folders: [ArraySlice<UInt8>: FolderChange] = [:]
        for change in files {
            let folder = Self.folder(of: change.path, depth: depth)
            var known = folders[folder] ?? FolderChange(path: Array(folder), bytes: 0, files: 0)
            known.bytes += change.after - change.before
            known.files += 1
            folders[folder] = known
        }
        return folders.values.sorted {
            if $0.bytes.magnitude != $1.bytes.magnitude { return $0.bytes.magnitude > $1.bytes.magnitude }
            return $0.path.lexicographicallyPrecedes($1.path)
        }
    }

    private static func folder(of path: [UInt8], depth: Int) -> ArraySlice<UInt8> {
        var end = 0
        var slashes = 0
        for (index, byte) in path.enumerated() where byte == UInt8(ascii: "/") {
            slashes += 1
            end = index
            if slashes == depth { break }
        }
        return path[..<end]
    }

    /// The files whose size changed most first, then by path.
    package var heaviestFiles: [FileChange] {
        files.sorted {
            let (left, right) = (abs($0.after - $0.before), abs($1.after - $1.before))
            return left != right ? left > right : $0.path.lexicographicallyPrecedes($1.path)
        }
    }
}
