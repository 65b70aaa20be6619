extension FileTree {
    /// Lets everybody read what is read, and start what is started.
    ///
    /// In an image most files are root's, and a function is not root.
    mutating func makeReadable() {
        for index in inodes.indices {
            switch inodes[index].kind {
            case .directory: inodes[index].mode |= 0o555
            case .file, .hardLink: inodes[index].mode |= inodes[index].mode & 0o111 == 0 ? 0o444 : 0o555
            case .symlink, .characterDevice, .blockDevice, .fifo: break
            }
        }
    }
}
