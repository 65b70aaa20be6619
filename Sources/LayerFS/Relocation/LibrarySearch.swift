internal import ELF

/// A library that nothing provides.
package struct MissingLibrary: Equatable, Sendable, CustomStringConvertible {
    /// As the file that needs it names it.
    package var name: [UInt8]
    /// The file that needs it, relative to the root.
    package var neededBy: [UInt8]

    package var description: String {
        "\(String(decoding: name, as: UTF8.self)) (for /\(String(decoding: neededBy, as: UTF8.self)))"
    }
}

extension Linker.LinkedTree {
    /// The libraries that a program of a relocated tree needs at its start and would not find, those that its libraries
    /// need among them. None for what is no dynamic program.
    ///
    /// - Parameters:
    ///   - program: its path, with or without a leading slash; links are followed.
    ///   - environment: the folders of the image's own `LD_LIBRARY_PATH`.
    package func missingLibraries(of program: [UInt8], environment: [[UInt8]] = []) throws -> [MissingLibrary] {
        guard let relocation, let loader = relocation.loader, let node = tree.file(at: program) else { return [] }
        var search = LibrarySearch(tree, contents, loader, folders: environment + relocation.libraryFolders)
        try search.load(node)
        return search.missing
    }
}

extension Linker.LinkedTree {
    /// Has the data come first of what a program needs to start: its own, the loader's and that of its libraries, behind
    /// what came first before.
    ///
    /// - Parameters:
    ///   - program: its path, with or without a leading slash; links are followed.
    ///   - environment: the folders of the image's own `LD_LIBRARY_PATH`.
    package mutating func bringForward(_ program: [UInt8], environment: [[UInt8]] = []) throws {
        guard let node = tree.file(at: program) else { return }
        var wanted = [node]
        if let relocation, let loader = relocation.loader {
            var search = LibrarySearch(tree, contents, loader, folders: environment + relocation.libraryFolders)
            try search.load(node)
            wanted += [tree.file(at: loader.path)].compactMap(\.self) + search.loaded
        }
        var known = Set(first)
        first += wanted.filter { known.insert($0).inserted }
    }
}

/// The loader's search, breadth first, as ld.so does it below a prefix: what a file names by an absolute path is in the
/// library folders, so that only paths from `$ORIGIN` count besides them.
private struct LibrarySearch {
    private let tree: FileTree
    private let contents: TreeContents
    private let loader: Relocation.Loader
    private let folders: [Int32]
    private var loadedNames: Set<[UInt8]> = []
    private var loadedNodes: Set<Int32> = []
    /// The libraries that were found, in the order the loader opens them.
    private(set) var loaded: [Int32] = []
    private(set) var missing: [MissingLibrary] = []

    /// More needs than any program has, those of its libraries included: only an image made for it goes beyond, and what
    /// is beyond is not looked for.
    private static let mostNeeds = 65_536
    /// More folders than any run path has.
    private static let mostInherited = 256

    /// A file whose needs are still to be met, and the folders that those who loaded it hand down (`DT_RPATH`).
    private struct Pending {
        var path: [UInt8]
        var file: ELFFile
        var inherited: [Int32]
    }

    init(_ tree: FileTree, _ contents: TreeContents, _ loader: Relocation.Loader, folders: [[UInt8]]) {
        self.tree = tree
        self.contents = contents
        self.loader = loader
        self.folders = folders.compactMap { try? tree.find($0[...]) }
    }

    mutating func load(_ program: Int32) throws {
        guard let file = try read(program), file.interpreter != nil else { return }
        var queue = [Pending(path: tree.path(of: program), file: file, inherited: [])]
        var next = 0
        var needs = 0
        while next < queue.count, needs <= Self.mostNeeds {
            let pending = queue[next]
            next += 1
            needs += pending.file.needed.count
            let own = nodes(of: pending.file.runpath, in: pending)
            let handedDown = Array(
                (nodes(of: pending.file.rpath, in: pending) + pending.inherited).prefix(Self.mostInherited))
            // DT_RPATH has no say in a file with DT_RUNPATH; musl treats both as the same.
            let rpath = loader.family == .musl || pending.file.runpath.isEmpty ? handedDown : []
            for name in pending.file.needed where !isLoaded(name) {
                loadedNames.insert(name)
                guard let (node, path, library) = try find(name, in: [rpath, folders, own], like: file) else {
                    missing.append(MissingLibrary(name: name, neededBy: pending.path))
                    continue
                }
                if let soname = library.name { loadedNames.insert(soname) }
                guard loadedNodes.insert(node).inserted else { continue }
                loaded.append(node)
                queue.append(Pending(path: path, file: library, inherited: handedDown))
            }
        }
    }

    /// Whether a need is met already; the loader itself always is, and musl's loader is musl's C library too.
    private func isLoaded(_ name: [UInt8]) -> Bool {
        if loadedNames.contains(name) || name == loader.name { return true }
        return loader.family == .musl && (name.elementsEqual("libc.so".utf8) || name.starts(with: "libc.musl-".utf8))
    }

    /// The library of this name in the first folder that has one for this machine.
    ///
    /// A name with a slash is a path, and one from the root leads nowhere once the root has moved.
    private func find(
        _ name: [UInt8], in places: [[Int32]], like program: ELFFile
    ) throws -> (node: Int32, path: [UInt8], file: ELFFile)? {
        guard !name.isEmpty, !name.contains(UInt8(ascii: "/")) else { return nil }
        for folder in places.joined() {
            guard let child = tree.child(of: folder, named: name[...]) else { continue }
            let path = tree.path(of: child)
            // A file of another class or machine, or one that is no library at all, is passed over, as loaders do.
            guard let node = tree.file(at: path), let library = try read(node), library.machine == program.machine,
                library.is64Bit == program.is64Bit
            else { continue }
            return (node, path, library)
        }
        return nil
    }

    /// The headers of an ELF file; nil for what is none.
    private func read(_ node: Int32) throws -> ELFFile? {
        guard let content = tree.inode(of: node).content else { return nil }
        do {
            return try ELFFile { offset, count in try contents.read(content, at: offset, count: count) }
        } catch is ELFError {
            return nil
        }
    }

    /// The folders that a file names from its own place.
    private func nodes(of paths: [[UInt8]], in pending: Pending) -> [Int32] {
        let slash = UInt8(ascii: "/")
        let origin = [slash] + pending.path[..<(pending.path.lastIndex(of: slash) ?? 0)]
        let tokens = PathTokens(machine: pending.file.machine)
        return paths.prefix(Self.mostInherited).filter { $0.contains(UInt8(ascii: "$")) }
            .flatMap { tokens.expand($0, origin: Array(origin)) }
            .filter { $0.first == slash }.compactMap { try? tree.find($0[...]) }
    }
}
