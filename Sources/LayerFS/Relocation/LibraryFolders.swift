internal import ELF

/// The folders of an image that have libraries, as its own loader would find them.
///
/// ld.so(8), "Description"; for musl, `ldso/dynlink.c`.
struct LibraryFolders {
    private let tree: FileTree
    private let contents: TreeContents
    private let loader: Relocation.Loader
    private let tokens: PathTokens
    private let machine: UInt16

    init(_ tree: FileTree, _ contents: TreeContents, _ loader: Relocation.Loader, machine: UInt16) {
        self.tree = tree
        self.contents = contents
        self.loader = loader
        self.machine = machine
        tokens = PathTokens(machine: machine)
    }

    /// All that have a library in them, each once and links followed: those that are configured, those that are built in,
    /// and then those that programs and libraries name themselves, in the order of their paths.
    func all(_ survey: ELFSurvey, _ objects: [LayerObject]) throws -> [[UInt8]] {
        let configured = try LoaderConfiguration.folders(for: loader, in: tree, contents)
        let common = loader.family == .musl ? configured ?? builtIn : (configured ?? []) + builtIn
        var named: Set<[UInt8]> = []
        for entry in survey.entries {
            guard case .sound(let file?) = entry.outcome, file.machine == machine, file.is64Bit else { continue }
            named.formUnion(file.rpath)
            named.formUnion(file.runpath)
        }
        let own = named.sorted { $0.lexicographicallyPrecedes($1) }
            .flatMap { tokens.expand($0, origin: nil) }.filter { $0.first == UInt8(ascii: "/") }
        var seen: Set<Int32> = []
        return (common + own).compactMap { path -> [UInt8]? in
            guard let folder = try? tree.find(path[...]), seen.insert(folder).inserted, hasLibrary(folder, objects)
            else { return nil }
            return tree.path(of: folder)
        }
    }

    /// Whether a folder has an ELF file, or a link to one.
    private func hasLibrary(_ folder: Int32, _ objects: [LayerObject]) -> Bool {
        tree.unsortedChildren(of: folder).contains { child in
            var inode = tree.inode(of: child)
            if inode.kind == .symlink, let target = tree.file(at: tree.path(of: child)) {
                inode = tree.inode(of: target)
            }
            return inode.content.map { objects[Int($0.layer)].contents[Int($0.content)].isELF } ?? false
        }
    }

    /// What the loader searches when nothing else names a library. For glibc it is what the distributions build in.
    private var builtIn: [[UInt8]] {
        if loader.family == .musl { return ["lib", "usr/local/lib", "usr/lib"].map { Array($0.utf8) } }
        let triplet =
            switch machine {
            case 62: ["lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu"]
            case 183: ["lib/aarch64-linux-gnu", "usr/lib/aarch64-linux-gnu"]
            default: [] as [String]
            }
        let own = loader.path.split(separator: UInt8(ascii: "/")).dropLast().joined(separator: [UInt8(ascii: "/")])
        return (triplet + ["lib64", "usr/lib64", "lib", "usr/lib"]).map { Array($0.utf8) } + [Array(own)]
    }
}

/// What loaders replace in paths. ld.so(8), "Dynamic string tokens".
struct PathTokens {
    private let libraries: [String]
    private let platform: String

    init(machine: UInt16) {
        let multiarch = machine == 183 ? "lib/aarch64-linux-gnu" : "lib/x86_64-linux-gnu"
        // Distributions differ in what they build in.
        libraries = ["lib", multiarch, "lib64"]
        platform = machine == 183 ? "aarch64" : "x86_64"
    }

    /// The paths that one may mean: none for what cannot be said.
    ///
    /// - Parameter origin: the folder of the file that names the path, from the root; nil leaves out paths with `$ORIGIN`.
    func expand(_ path: [UInt8], origin: [UInt8]?) -> [[UInt8]] {
        guard path.contains(UInt8(ascii: "$")) else { return [path] }
        var path = path
        if let origin { path = Self.replace("ORIGIN", in: path, by: origin) }
        path = Self.replace("PLATFORM", in: path, by: Array(platform.utf8))
        var variants: [[UInt8]] = []
        for library in libraries {
            let variant = Self.replace("LIB", in: path, by: Array(library.utf8))
            if !variant.contains(UInt8(ascii: "$")), !variants.contains(variant) { variants.append(variant) }
        }
        return variants
    }

    private static func replace(_ token: String, in path: [UInt8], by text: [UInt8]) -> [UInt8] {
        path.replacing(Array("${\(token)}".utf8), with: text).replacing(Array("$\(token)".utf8), with: text)
    }
}
