internal import ByteKit

/// Makes a tree work below a prefix instead of at the root of the file system. docs/relocation.md.
struct Relocator {
    let prefix: [UInt8]
    /// `e_machine` of the programs that are to run.
    let machine: UInt16
    let settings: BlockSettings
    let pool: WorkerPool
    /// A folder for what is made anew; no file appears there.
    let scratch: String

    /// A relocated tree's new parts.
    struct Outcome {
        var relocation: Relocation
        /// What the tree's contents are in: the layers' objects, and one more when there are new contents.
        var objects: [LayerObject]
        /// For each content of the one more, the layer that has what it was made of.
        var origins: [Int32] = []
        /// Whether the tree has names that it did not have, or lacks some.
        var hasOtherNames = false
    }

    func relocate(_ tree: inout FileTree, _ order: FileTree.Order, _ objects: [LayerObject]) throws -> Outcome {
        var relocation = Relocation(prefix: prefix)
        relocation.symlinks = Self.relativizeSymlinks(&tree, order)
        let made = RelocatedContents(objects, settings: settings, pool: pool, scratch: scratch)
        let survey = try ELFSurvey(tree, order, objects, pool: pool)
        let contents = TreeContents(objects)
        var plan = InterpreterPlan(prefix: prefix, machine: machine)
        plan.decide(survey, in: tree)
        (relocation.unreachable, relocation.refused) = (plan.unreachable, plan.refused)
        relocation.interpreters = plan.patches.count
        relocation.loader = try plan.loader(in: tree, contents)
        if let loader = relocation.loader {
            let folders = LibraryFolders(tree, contents, loader, machine: machine)
            relocation.libraryFolders = try folders.all(survey, objects).filter(Self.canBeListed)
            boundFolders(&relocation)
        }
        try plan.apply(to: &tree, made)
        let hasOtherNames = try LocaleFolders(contents: contents).make(&tree, made, &relocation)
        return Outcome(
            relocation: relocation, objects: try made.objects(), origins: made.origins, hasOtherNames: hasOtherNames)
    }

    /// A folder with a separator in its name cannot be said in a library path.
    private static func canBeListed(_ folder: [UInt8]) -> Bool {
        !folder.contains(UInt8(ascii: ":")) && !folder.contains(UInt8(ascii: ";"))
    }

    /// Linux takes 128 KiB in one variable of the environment, and a program's own library path needs room, too.
    private static let mostFolderBytes = 64 << 10

    private func boundFolders(_ relocation: inout Relocation) {
        var bytes = 0
        let fitting = relocation.libraryFolders.prefix { folder in
            bytes += prefix.count + folder.count + 2
            return bytes <= Self.mostFolderBytes
        }
        guard fitting.count < relocation.libraryFolders.count else { return }
        relocation.warnings.append(
            "of \(relocation.libraryFolders.count) folders with libraries only the first \(fitting.count) fit into a library path"
        )
        relocation.libraryFolders = Array(fitting)
    }
}
