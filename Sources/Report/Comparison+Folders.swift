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
            let folder = change.path.folder(depth: depth)
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

    /// The files whose size changed most first, then by path.
    package var heaviestFiles: [FileChange] {
        files.sorted {
            let (left, right) = (abs($0.after - $0.before), abs($1.after - $1.before))
            return left != right ? left > right : $0.path.lexicographicallyPrecedes($1.path)
        }
    }
}
