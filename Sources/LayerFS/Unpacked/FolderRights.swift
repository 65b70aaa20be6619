internal import SquashFS

/// What this user may give to files, and the giving of it.
struct FolderRights: Sendable {
    private let isSuperuser = OpenFile.isSuperuser
    private let user = OpenFile.user

    /// What files were not given.
    struct Losses: Sendable {
        var devices = 0
        var owners = 0
        var privileges = 0
        var attributes = 0

        mutating func add(_ other: Losses) {
            devices += other.devices
            owners += other.owners
            privileges += other.privileges
            attributes += other.attributes
        }

        /// What is worth telling.
        var warnings: [String] {
            let told = [
                (devices, "device files were left out: only root can make them"),
                (owners, "files belong to this user instead of their owners: only root can give files away"),
                (privileges, "files lost setuid or setgid: as this user’s they would be other programs"),
                (attributes, "extended attributes could not be set by this user or on this file system"),
            ]
            return told.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        }
    }

    /// Gives an open file or folder all that an inode has besides its data; gives what it could not.
    func set(_ inode: FileTree.Inode, on file: borrowing OpenFile) throws(SystemFailure) -> Losses {
        var losses = Losses()
        if isSuperuser { try file.setOwner([], owner: inode.userID, group: inode.groupID) }
        for xattr in inode.xattrs {
            do throws(SystemFailure) {
                try file.setAttribute(SquashAttribute(name: xattr.name, value: xattr.value))
            } catch {
                losses.attributes += 1
            }
        }
        // After the owner, whose change takes setuid away; the time last of all.
        try file.setPermissions(permissions(of: inode, &losses))
        try file.setTime([], seconds: inode.modificationTime)
        return losses
    }

    /// The same for what cannot be opened: a symlink, device or pipe that was just made.
    func set(_ inode: FileTree.Inode, on name: [UInt8], in folder: borrowing OpenFile) throws(SystemFailure) -> Losses {
        var losses = Losses()
        if isSuperuser { try folder.setOwner(name, owner: inode.userID, group: inode.groupID) }
        for xattr in inode.xattrs {
            do throws(SystemFailure) {
                try folder.setAttribute(SquashAttribute(name: xattr.name, value: xattr.value), of: name)
            } catch {
                losses.attributes += 1
            }
        }
        // Linux keeps no mode for a symlink.
        let permissions = permissions(of: inode, &losses)
        if inode.kind != .symlink { try folder.setNodePermissions(name, permissions) }
        try folder.setTime(name, seconds: inode.modificationTime)
        return losses
    }

    private func permissions(of inode: FileTree.Inode, _ losses: inout Losses) -> UInt32 {
        let wanted = UInt32(inode.mode) & 0o7777
        guard !isSuperuser, inode.userID != user else { return wanted }
        losses.owners += 1
        // A setuid program of another's would become one of ours.
        if inode.kind != .symlink, wanted & 0o6000 != 0 { losses.privileges += 1 }
        return wanted & 0o1777
    }
}
