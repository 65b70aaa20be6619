internal import ByteKit
internal import Glibc
internal import ImageModel
internal import LayerFS
internal import Packager
package import Recipe

/// A package laid out in folders of this machine, as Lambda would have it in a sandbox.
package struct StagedPackage: Sendable {
    /// What is `/var/task`.
    package let task: String
    /// What is `/opt`; nil without a layer.
    let layer: String?
    /// What is `/`; nil when that is the sandbox's own.
    let root: String?
    /// Where the supervisor is in the sandbox.
    let supervisor: String
    /// The image's own variables, which come before Lambda's where the image is the root.
    let environment: [String]
    /// What pruning took.
    let removed: [PruneAccount.Line]
    /// Where the image's loader looks for libraries, relative to the image's root; none for an image that is the root.
    let libraryFolders: [[UInt8]]

    /// Where the image's files are; nil while they are packed.
    var imageFolder: String? {
        [root, layer.map { "\($0)/\(FunctionPackage.layerTreeFolder)" }, "\(task)/\(FunctionPackage.treeFolder)"]
            .compactMap(\.self).first { unsafe access($0, F_OK) == 0 }
    }
}

extension Builder {
    /// Builds one function's package for runs on this machine: the form that a build would give it, and its bytes.
    ///
    /// - Parameters:
    ///   - folder: an empty folder, on a disk with room for the image.
    ///   - cage: what the package will run in. Without one the image's tree is made for where it then lies.
    package func stage(
        _ recipe: Recipe, of file: RecipeFile, in folder: String, cage: Cage
    ) throws -> StagedPackage {
        let lock = try lock(of: file, for: recipe)
        let image = try planner.resolve(recipe, lock: lock, lockPath: lockPath(of: file))
        return try fitting(recipe, image, lock, of: file, try stagedForms(of: recipe, cage)) { recipe, forms in
            try stage(recipe, image, forms, in: folder, cage: cage)
        }
    }

    /// - Parameter recipe: one with a profile that needs no choice any more.
    func stage(
        _ recipe: Recipe, _ image: ResolvedImage, _ forms: [PackageForm], in folder: String, cage: Cage
    ) throws -> StagedPackage {
        guard image.platform.machine == Platform.ownMachine else {
            throw ToolError(
                "foreign-processor", "the package is for \(image.platform), and this machine has another processor",
                hint: "‘scar-build build’ makes it; what runs it is a machine of its kind, or Lambda")
        }
        return try healing(recipe) {
            // What a damaged layer left half done goes first.
            Folder.remove("\(folder)/package")
            let place = "\(folder)/package"
            let task = "\(place)/task"
            try Folder.create(task)
            let prepared = try prepare(
                recipe, image, forms, root: { cage == .none ? Self.uncagedRoot($0, place) : $0.prefix }, in: task)
            let view = TreeView.view(prepared.linked)
            try PackageFolder.write(prepared.package.entries, reading: view, to: task)
            let layer = prepared.form == .layer ? "\(place)/layer" : nil
            if let layer { try PackageFolder.write(prepared.layer, reading: view, to: layer) }
            let root = prepared.form.isRoot ? "\(place)/image" : nil
            if let root {
                // As when it is built. A link of the image's there would lead to a folder of this machine's.
                try PackageLayer.check(prepared.form, prepared.linked)
                try writeRoot(prepared.linked, to: root)
            }
            if let root, prepared.form == .runtime {
                let supervisor = PackageLayer.supervisor(try SupervisorBinary.path(for: image.platform))
                let folder = root + FunctionPackage.runtimeFolder
                try Folder.create(folder)
                try PackageFolder.write(supervisor, reading: view, to: folder)
            }
            return StagedPackage(
                task: task, layer: layer, root: root,
                supervisor: PackageLayer.supervisorPath(in: prepared.form),
                environment: root == nil ? [] : image.config.environment,
                removed: prepared.linked.report.removed,
                libraryFolders: prepared.linked.report.relocation?.libraryFolders ?? [])
        }
    }

    private func stagedForms(of recipe: Recipe, _ cage: Cage) throws -> [PackageForm] {
        var forms = try planner.forms(of: recipe)
        // An archive or folder is not run; the package that could be made of it is.
        if forms.isEmpty { forms = [.tree, .squashfs, .image] }
        guard cage == .none else { return forms }
        forms.removeAll(where: \.isRoot)
        guard !forms.isEmpty else {
            throw ToolError(
                "needs-cage", "a container image, and a runtime's, is the root of a cage, and there is none",
                hint: "leave --no-cage out, install bubblewrap, or run another form with --target zip")
        }
        return forms
    }

    /// Where the tree lies when nothing is bound to where it would be.
    private static func uncagedRoot(_ form: PackageForm, _ place: String) -> String {
        switch form {
        case .tree: "\(place)/task/\(FunctionPackage.treeFolder)"
        case .layer: "\(place)/layer/\(FunctionPackage.layerTreeFolder)"
        case .squashfs, .image, .runtime: "\(place)/root"
        }
    }

    /// An image's files as a cage's root, with all places that the cage puts something at.
    private func writeRoot(_ linked: Linker.LinkedTree, to root: String) throws {
        for name in CageRoot.neededFolders {
            guard let node = linked.tree.node(at: Array(name.utf8)) else { continue }
            guard linked.tree.inode(of: node).kind == .directory else {
                throw ToolError(
                    "no-cage", "/\(name) of the image is no folder, so it cannot be the root of a cage",
                    hint: "build with --target zip")
            }
        }
        try Folder.create(root)
        let report = try linked.writeFolder(to: root, pool: pool)
        for warning in report.warnings.dropFirst(linked.report.warnings.count) { progress(.warning(warning)) }
        // What is mounted on needs to be there, and this machine's files must not be reached through links.
        for path in CageRoot.machineFiles {
            _ = unsafe unlink(root + path)
            if unsafe access("\(root)/etc", F_OK) != 0 { try Folder.create("\(root)/etc") }
            try OutputFile.write([], to: root + path)
        }
    }
}
