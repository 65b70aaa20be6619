internal import ByteKit
internal import ImageModel
internal import LayerFS
internal import Packager

/// Files of ours as the last layer of a container image, and how such an image is started.
enum PackageLayer {
    /// The package's files below `/var/task`, each folder before what is in it.
    static func entries(of prepared: PreparedPackage) throws -> [FileArchive.Entry] {
        try entries(prepared.package.entries, below: FunctionPackage.taskFolder, over: prepared.linked)
    }

    /// The supervisor of a runtime, and an empty folder where functions will stand.
    ///
    /// - Parameter bootstrap: the supervisor's executable on this machine.
    static func entries(ofSupervisor bootstrap: String, over linked: Linker.LinkedTree) throws -> [FileArchive.Entry] {
        let task = Array(FunctionPackage.taskFolder.utf8.dropFirst())
        let ours = try entries(supervisor(bootstrap), below: FunctionPackage.runtimeFolder, over: linked)
        return ours + [FileArchive.Entry(path: task, content: .folder, permissions: 0o755)]
    }

    /// All that a runtime has of ours.
    static func supervisor(_ bootstrap: String) -> [ZipEntry] {
        [ZipEntry(path: FunctionPackage.bootstrapPath, content: .file(bootstrap), permissions: 0o755)]
    }

    private static func entries(
        _ files: [ZipEntry], below root: String, over linked: Linker.LinkedTree
    ) throws -> [FileArchive.Entry] {
        var folders = try foldersThere(above: root, linked)
        var entries: [FileArchive.Entry] = []
        for entry in files {
            let path = Array(root.utf8.dropFirst()) + [UInt8(ascii: "/")] + entry.path
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

    /// Throws when the image has something else than folders where those for files of ours would be.
    static func check(_ form: PackageForm, _ linked: Linker.LinkedTree) throws {
        _ = try foldersThere(above: folder(in: form), linked)
    }

    /// The folders on the way to `root`, and itself, that the image has.
    private static func foldersThere(above root: String, _ linked: Linker.LinkedTree) throws -> Set<[UInt8]> {
        var folders: Set<[UInt8]> = []
        var path = ""
        for name in root.split(separator: "/") {
            path += path.isEmpty ? String(name) : "/\(name)"
            guard let node = linked.tree.node(at: Array(path.utf8)) else { break }
            guard linked.tree.inode(of: node).kind == .directory else {
                throw ToolError(
                    "no-task-folder", "/\(path) of the image is no folder, and files of ours must stand at \(root)",
                    hint: "build with --target zip")
            }
            folders.insert(Array(path.utf8))
        }
        return folders
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

    /// Where the supervisor is, in a function that has or will have a form.
    static func supervisorPath(in form: PackageForm) -> String {
        "\(folder(in: form))/\(FunctionPackage.bootstrapPath)"
    }

    /// Where files of ours stand.
    private static func folder(in form: PackageForm) -> String {
        form == .runtime ? FunctionPackage.runtimeFolder : FunctionPackage.taskFolder
    }

    /// How Lambda starts the function: by the supervisor.
    static func start(of config: ImageConfig, in form: PackageForm) -> ImageLayout.Start {
        let variable = "LAMBDA_TASK_ROOT="
        return ImageLayout.Start(
            entrypoint: [supervisorPath(in: form)],
            environment: config.environment.filter { !$0.hasPrefix(variable) }
                + ["\(variable)\(FunctionPackage.taskFolder)"],
            workingDirectory: FunctionPackage.taskFolder)
    }
}
