internal import ELF

/// Where a program's libraries are in its image, worked out as its own loader would.
///
/// The result is one flat list of folders for the loader's `--library-path`: whatever the program, its libraries and
/// the plug-ins it opens later are found there, without the absolute search paths inside them, which mean nothing
/// once the root has moved.
package struct LibraryPath: Equatable, Sendable {
    /// A library that nothing provides.
    package struct Missing: Equatable, Sendable, CustomStringConvertible {
        /// As the file that needs it names it.
        package var name: String
        /// The file that needs it, in the image.
        package var neededBy: String

        package var description: String { "\(name) (for /\(neededBy))" }
    }

    /// Folders of the image, links followed, without leading slash, in search order.
    package var folders: [String]
    /// The libraries that are loaded at start, links followed.
    package var libraries: [String]
    package var missing: [Missing]

    /// Works out the path for a program.
    ///
    /// - Parameters:
    ///   - path: the program in the image, links followed.
    ///   - program: its headers.
    ///   - loader: its loader.
    ///   - environment: the folders of the image's own `LD_LIBRARY_PATH`.
    ///   - root: the image.
    /// - Throws: when a file of the image cannot be read; what cannot be found is in `missing`.
    init(
        of path: String, _ program: ELFFile, loader: DynamicLoader, environment: [String], in root: RootView
    ) throws(PackagerError) {
        var search = LibrarySearch(root: root, loader: loader, program: program)
        try search.prepare(environment: environment)
        try search.load(path, program)
        folders = search.folders
        libraries = search.libraries
        missing = search.missing
    }
}

/// The loader's search, breadth first, as ld.so does it.
///
/// ld.so(8), "Description".
private struct LibrarySearch {
    private let root: RootView
    private let loader: DynamicLoader
    private let program: ELFFile
    private var environmentFolders: [String] = []
    private var commonFolders: [String] = []
    /// Folders that files name themselves, in the order they were met.
    private var ownFolders: [String] = []
    private var noted: Set<String> = []
    private var loadedNames: Set<String> = []
    private var loadedPaths: Set<String> = []
    private(set) var libraries: [String] = []
    private(set) var missing: [LibraryPath.Missing] = []

    /// More needs than any program has, those of its libraries included.
    ///
    /// Only an image made for it goes beyond.
    private static let mostNeeds = 65_536
    /// More folders than any run path has.
    private static let mostInherited = 256

    /// A file whose needs are still to be met, and the folders that those who loaded it hand down (`DT_RPATH`).
    private struct Pending {
        var path: String
        var file: ELFFile
        var inherited: [String]
    }

    init(root: RootView, loader: DynamicLoader, program: ELFFile) {
        self.root = root
        self.loader = loader
        self.program = program
    }

    /// All folders, each once: the environment's first, as LD_LIBRARY_PATH has it; then those that files name, which
    /// are there for a reason; then the common ones.
    var folders: [String] {
        var seen: Set<String> = []
        return (environmentFolders + ownFolders + commonFolders).filter { seen.insert($0).inserted }
    }

    mutating func prepare(environment: [String]) throws(PackagerError) {
        environmentFolders = environment.compactMap(root.folder)
        let configured = try LoaderConfiguration.folders(for: loader, in: root)
        let defaults = loader.defaultFolders(program)
        let common = loader.family == .musl ? configured ?? defaults : (configured ?? []) + defaults
        commonFolders = common.compactMap(root.folder)
    }

    mutating func load(_ path: String, _ file: ELFFile) throws(PackagerError) {
        var queue = [Pending(path: path, file: file, inherited: [])]
        var next = 0
        var needs = 0
        while next < queue.count {
            let pending = queue[next]
            next += 1
            let own = folders(named: pending.file.runpath, in: pending)
            let handedDown = Array(
                (folders(named: pending.file.rpath, in: pending) + pending.inherited).prefix(Self.mostInherited))
            note(own + handedDown)
            needs += pending.file.needed.count
            guard needs <= Self.mostNeeds else {
                throw PackagerError(.unsupportedProgram, "/\(path) needs more than \(Self.mostNeeds) libraries")
            }
            for name in pending.file.needed.map({ String(decoding: $0, as: UTF8.self) }) where !isLoaded(name) {
                // DT_RPATH has no say in a file with DT_RUNPATH; musl treats both as the same.
                let rpath = loader.family == .musl || pending.file.runpath.isEmpty ? handedDown : []
                let candidates = rpath + environmentFolders + own + commonFolders
                guard let (found, library) = try find(name, in: candidates) else {
                    missing.append(LibraryPath.Missing(name: name, neededBy: pending.path))
                    loadedNames.insert(name)
                    continue
                }
                loadedNames.insert(name)
                if let soname = library.name { loadedNames.insert(String(decoding: soname, as: UTF8.self)) }
                let real = root.file(found)?.path ?? found
                guard loadedPaths.insert(real).inserted else { continue }
                libraries.append(real)
                queue.append(Pending(path: found, file: library, inherited: handedDown))
            }
        }
    }

    /// Whether a need is met already; the loader itself always is, and musl's loader is musl's C library too.
    private func isLoaded(_ name: String) -> Bool {
        if loadedNames.contains(name) || name == loader.name { return true }
        return loader.family == .musl && (name == "libc.so" || name.hasPrefix("libc.musl-"))
    }

    /// The library of this name in the first folder that has one for this machine.
    ///
    /// A name with a slash is a path. Once the root has moved it leads nowhere, so it counts as missing.
    private func find(_ name: String, in folders: [String]) throws(PackagerError) -> (String, ELFFile)? {
        guard !name.isEmpty, !name.contains("/") else { return nil }
        for folder in folders {
            let path = folder.isEmpty ? name : "\(folder)/\(name)"
            guard let file = root.file(path) else { continue }
            // A file of another class or machine, or one that is no library at all, is passed over, as loaders do.
            guard let library = try? ELFFile(file.path, in: root), library.machine == program.machine,
                library.is64Bit == program.is64Bit
            else { continue }
            return (path, library)
        }
        return nil
    }

    private mutating func note(_ folders: [String]) {
        for folder in folders where noted.insert(folder).inserted { ownFolders.append(folder) }
    }

    /// The folders of a run path that are there, with `$ORIGIN` and its like replaced.
    ///
    /// ld.so(8), "Dynamic string tokens".
    private func folders(named paths: [[UInt8]], in pending: Pending) -> [String] {
        let paths = paths.map { String(decoding: $0, as: UTF8.self) }
        let origin = pending.path.split(separator: "/").dropLast().joined(separator: "/")
        return paths.prefix(Self.mostInherited).flatMap { path -> [String] in
            var variants = [Self.replace("ORIGIN", in: path, by: "/" + origin)]
            variants = variants.flatMap { path in
                Set(loader.libraryTokens(program).map { Self.replace("LIB", in: path, by: $0) }).sorted()
            }
            let platform = program.machine == 183 ? "aarch64" : program.is64Bit ? "x86_64" : "i686"
            variants = variants.map { Self.replace("PLATFORM", in: $0, by: platform) }
            // A path relative to wherever the caller stands is nothing that can be found.
            return variants.filter { $0.hasPrefix("/") && !$0.contains("$") }.compactMap(root.folder)
        }
    }

    private static func replace(_ token: String, in path: String, by text: String) -> String {
        path.replacing("${\(token)}", with: text).replacing("$\(token)", with: text)
    }
}
