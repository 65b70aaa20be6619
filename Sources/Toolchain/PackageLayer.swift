internal import ByteKit
internal import ImageModel
internal import LayerFS
internal import Packager

/// A package as the last layer of a container image, and how such an image is started.
enum PackageLayer {
    /// The package's files below `/var/task`, each folder before what is in it.
    static func entries(of prepared: PreparedPackage) throws -> [FileArchive.Entry] {
        var folders: Set<[UInt8]> = []
        let above = Array("var".utf8)
        if let node = prepared.linked.tree.node(at: above) {
            guard prepared.linked.tree.inode(of: node).kind == .directory else {
                throw ToolError(
                    "no-task-folder", "/var of the image is no folder, and the package must stand at /var/task",
                    hint: "build with --target zip")
            }
            folders.insert(above)
        }
        var entries: [FileArchive.Entry] = []
        for entry in prepared.package.entries {
            let path = Array(FunctionPackage.taskFolder.utf8.dropFirst()) + [UInt8(ascii: "/")] + entry.path
            for index in path.indices where path[index] == UInt8(ascii: "/") {
                let parent = Array(path[..<index])
                guard folders.insert(parent).inserted else { continue }
                entries.append(FileArchive.Entry(path: parent, content: .folder, permissions: 0o755))
            }
            if entry.content == .folder { guard folders.insert(path).inserted else { continue } }
            entries.append(
                FileArchive.Entry(path: path, content: content(of: entry), permissions: entry.permissions))
        }
        return entries
    }

    private static func content(of entry: ZipEntry) -> FileArchive.Content {
        switch entry.content {
        case .bytes(let bytes): .bytes(bytes)
        case .file(let path): .file(path)
        case .link(let target): .link(target)
        case .folder: .folder
        case .image: preconditionFailure("the image's files are in a layer of their own")
        }
    }

    /// How Lambda starts the function: the supervisor, where it would be in a zip.
    static func start(of config: ImageConfig) -> ImageLayout.Start {
        let variable = "LAMBDA_TASK_ROOT="
        return ImageLayout.Start(
            entrypoint: ["\(FunctionPackage.taskFolder)/\(FunctionPackage.bootstrapPath)"],
            environment: config.environment.filter { !$0.hasPrefix(variable) }
                + ["\(variable)\(FunctionPackage.taskFolder)"],
            workingDirectory: FunctionPackage.taskFolder)
    }
}
