/// Makes folders of a locale archive: glibc looks for the archive at one path alone, and for folders wherever `LOCPATH`
/// says.
struct LocaleFolders {
    let contents: TreeContents

    private static let folder = Array("usr/lib/locale".utf8)
    private static let archive = Array("usr/lib/locale/locale-archive".utf8)

    /// - Returns: whether there was an archive. It has gone then: nothing reads it below a prefix.
    func make(
        _ tree: inout FileTree, _ made: RelocatedContents, _ relocation: inout Relocation
    ) throws -> Bool {
        guard relocation.loader?.family == .glibc, let folder = try? tree.find(Self.folder[...]),
            let node = tree.node(at: Self.archive), let content = tree.inode(of: node).content
        else { return false }
        do {
            let archive = try LocaleArchive(size: contents.size(of: content)) { offset, count in
                try contents.read(content, at: offset, count: count)
            }
            var files: [Range<Int>: Int32] = [:]
            var folders: [Int: [UInt8]] = [:]
            for locale in archive.locales where tree.child(of: folder, named: locale.name[...]) == nil {
                if let other = folders[locale.record] {
                    try add(locale.name, .symlink, to: folder, like: node, &tree) { $0.target = other }
                } else {
                    folders[locale.record] = locale.name
                    try add(locale, to: folder, like: node, content, &files, &tree, made)
                }
                relocation.locales += 1
            }
            tree.remove(node)
            return true
        } catch let error as LocaleArchive.Malformed {
            relocation.warnings.append(
                "/usr/lib/locale/locale-archive is not taken apart, because \(error.reason): its locales will not be found"
            )
            return false
        }
    }

    /// Makes a locale's folder. Data that several locales have is one file with several names.
    private func add(
        _ locale: LocaleArchive.Locale, to folder: Int32, like archive: Int32, _ content: FileTree.ContentID,
        _ files: inout [Range<Int>: Int32], _ tree: inout FileTree, _ made: RelocatedContents
    ) throws {
        let home = try add(locale.name, .directory, to: folder, like: archive, &tree)
        for (path, range) in locale.categories {
            var parent = home
            for name in path.dropLast() {
                parent = try add(Array(name.utf8), .directory, to: parent, like: archive, &tree)
            }
            let name = Array((path.last ?? "").utf8)
            if let known = files[range] {
                try tree.checkRoom()
                tree.add(name[...], to: parent, inode: known, layer: tree.nodes[Int(archive)].layer)
            } else {
                let data = try made.add(range, of: content)
                let node = try add(name, .file, to: parent, like: archive, &tree) { $0.content = data }
                files[range] = tree.nodes[Int(node)].inode
            }
        }
    }

    /// Adds a name that has the archive's owner and time.
    @discardableResult
    private func add(
        _ name: [UInt8], _ kind: TarEntry.Kind, to parent: Int32, like archive: Int32, _ tree: inout FileTree,
        _ change: (inout FileTree.Inode) -> Void = { _ in }
    ) throws(LayerError) -> Int32 {
        try tree.checkRoom()
        let model = tree.inode(of: archive)
        let mode: UInt16 =
            switch kind {
            case .directory: 0o755
            case .symlink: 0o777
            default: 0o644
            }
        var inode = FileTree.Inode(
            kind: kind, mode: mode, userID: model.userID, groupID: model.groupID,
            modificationTime: model.modificationTime)
        change(&inode)
        return tree.add(name[...], to: parent, inode: tree.add(inode), layer: tree.nodes[Int(archive)].layer)
    }
}
