internal import ELF

/// Looks into files for what they refer to. Each thread has one of its own.
struct FileReferences {
    /// What names are looked up in.
    let surroundings: Surroundings
    private let contents: TreeContents

    init(_ surroundings: Surroundings) {
        self.surroundings = surroundings
        contents = TreeContents(surroundings.objects)
    }

    private var tree: FileTree { surroundings.tree }

    struct Surroundings: Sendable {
        let tree: FileTree
        let index: NameIndex
        let objects: [LayerObject]
        /// Sets that decide themselves about the folders they cover.
        let sets: [KeepSet]
        /// Whether folders and applications that are named stay with all that is in them.
        let isGenerous: Bool

        /// Whether a folder that something names is that program's own.
        func isOwn(_ folder: Int32) -> Bool {
            guard isGenerous else { return false }
            let path = tree.components(of: folder)
            return path.count > 1 && !KeepSet.commonFolders.contains { $0.matches(path) }
                && !sets.contains { $0.covers(path) }
        }
    }

    /// Something that is referred to.
    struct Found: Sendable {
        enum Thing {
            case node(Int32)
            /// A folder with all that is in it.
            case folder(Int32)
            /// All that has a name: the number of a group of the index.
            case group(Int32)
        }

        var thing: Thing
        var kind: Closure.Cause.Kind
    }

    /// What is read of a file at once, and of any at most.
    private static let pieceBytes = 1 << 20
    private static let mostBytes = 1 << 30
    private static let mostNames = 1 << 20
    /// Bytes of all names of a file together.
    private static let mostNameBytes = 16 << 20
    /// Longer than scripts are; words of what is longer are not looked at behind that.
    private static let mostScriptBytes = 1 << 20

    /// How much of a file is looked at, at most.
    static func bytes(of content: FileTree.ContentID, in objects: [LayerObject]) -> Int {
        min(objects[Int(content.layer)].contents[Int(content.content)].size, mostBytes)
    }

    /// What a file of the tree refers to, each thing once, in the order of the file.
    func references(of node: Int32) throws -> [Found] {
        let inode = tree.inode(of: node)
        guard let content = inode.content else { return [] }
        let isELF = surroundings.objects[Int(content.layer)].contents[Int(content.content)].isELF
        let path = tree.components(of: node)
        if path.last?.suffix(4).elementsEqual(".app".utf8) == true { return try applications(content, of: node) }
        guard !KeepSet.settings.contains(where: { $0.matches(path) }) else { return [] }
        if KeepSet.isSource(path) { return try features(content, of: node) }
        let isList = KeepSet.programLists.contains { $0.matches(path) }
        guard isELF || isList || inode.mode & 0o111 != 0 || path.last?.suffix(3).elementsEqual(".sh".utf8) == true
        else { return [] }
        var gathering = Gathering(surroundings, folder: tree.nodes[Int(node)].parent)
        var isShell = isList
        if isELF {
            try addNeeds(of: content, to: &gathering)
        } else {
            let head = try contents.read(content, at: 0, count: 256)
            let line = FirstLine(head)
            guard line != nil || isList || path.last?.suffix(3).elementsEqual(".sh".utf8) == true else { return [] }
            isShell = isShell || line?.isShell ?? true
            if let line { gathering.add(line) }
        }
        if isShell, !KeepSet.listedStarts.contains(where: { $0.matches(path) }) {
            gathering.add(wordsOf: try contents.read(content, at: 0, count: Self.mostScriptBytes), .commands)
        }
        var scanner = ReferenceScanner(findsWords: false)
        let size = Self.bytes(of: content, in: surroundings.objects)
        for offset in stride(from: 0, to: size, by: Self.pieceBytes) {
            let piece = try contents.read(content, at: offset, count: Self.pieceBytes)
            scanner.scan(piece) { gathering.add($0) }
        }
        scanner.finish { gathering.add($0) }
        return gathering.found
    }

    /// What a text of the function's refers to.
    func references(of text: ClosureRoots.Text) -> [Found] {
        var gathering = Gathering(surroundings, folder: FileTree.root)
        if ELFFile.isELF(text.bytes) {
            if let file = try? ELFFile(text.bytes) { gathering.add(file) }
        } else if let line = FirstLine(Array(text.bytes.prefix(256))) {
            gathering.add(line)
        }
        if text.mayNameCommands, !ELFFile.isELF(text.bytes) { gathering.add(wordsOf: text.bytes, .all) }
        var scanner = ReferenceScanner(findsWords: false)
        scanner.scan(text.bytes) { gathering.add($0) }
        scanner.finish { gathering.add($0) }
        return gathering.found
    }

    /// What the source of a program of the function's requires.
    private func features(_ content: FileTree.ContentID, of node: Int32) throws -> [Found] {
        var gathering = Gathering(surroundings, folder: tree.nodes[Int(node)].parent)
        gathering.add(wordsOf: try contents.read(content, at: 0, count: Self.mostScriptBytes), .features)
        return gathering.found
    }

    /// What an application of Erlang's needs.
    private func applications(_ content: FileTree.ContentID, of node: Int32) throws -> [Found] {
        var gathering = Gathering(surroundings, folder: tree.nodes[Int(node)].parent)
        let bytes = try contents.read(content, at: 0, count: Self.pieceBytes)
        for name in ErlangApplication.needs(in: bytes) { gathering.addApplication(name) }
        return gathering.found
    }

    private func addNeeds(of content: FileTree.ContentID, to gathering: inout Gathering) throws {
        do {
            gathering.add(try ELFFile { offset, count in try contents.read(content, at: offset, count: count) })
        } catch is ELFError {
            // Its strings are still looked at.
        }
    }

    /// What the words of a script may mean.
    private enum Meaning {
        case commands
        /// What brings sets in.
        case features
        /// Both, and applications and time zones.
        case all
    }

    /// What was found in one file.
    private struct Gathering {
        let surroundings: Surroundings
        /// Where relative paths begin.
        let folder: Int32
        private(set) var found: [Found] = []
        private var seen: Set<Int32> = []
        private var seenGroups: Set<Int32> = []
        /// Paths that were looked at, and how long they are together.
        private var seenPaths: Set<[UInt8]> = []
        private var pathBytes = 0

        init(_ surroundings: Surroundings, folder: Int32) {
            self.surroundings = surroundings
            self.folder = folder
        }

        mutating func add(_ name: ReferenceScanner.Name) {
            switch name {
            case .path(let path): addPath(path, .names)
            case .object(let name):
                guard !KeepSet.rarelyLoaded.contains(where: { $0.matches([name]) }) else { return }
                add(surroundings.index.objects[Array(name)], .loads)
            case .word: break
            }
        }

        /// Adds what the words of a script name, but for lines that are comments in all the languages which begin them so.
        mutating func add(wordsOf script: [UInt8], _ meaning: Meaning) {
            for line in script.split(separator: UInt8(ascii: "\n")) {
                guard line.first(where: { $0 != 0x20 && $0 != 0x09 }) != UInt8(ascii: "#") else { continue }
                var scanner = ReferenceScanner(findsWords: true)
                scanner.scan(Array(line)) { addWord($0, meaning) }
                scanner.finish { addWord($0, meaning) }
            }
        }

        private mutating func addWord(_ name: ReferenceScanner.Name, _ meaning: Meaning) {
            guard case .word(let word) = name, word.count <= LayerPath.componentLimit else { return }
            if meaning != .features { add(surroundings.index.commands[Array(word)], .runs) }
            if meaning != .commands, surroundings.isGenerous { add(surroundings.index.features[Array(word)], .uses) }
            guard meaning == .all else { return }
            addApplication(word)
            if word.contains(UInt8(ascii: "/")) { addPath((Array("/usr/share/zoneinfo/".utf8) + word)[...], .names) }
        }

        /// Adds the applications that a word may mean. A trace knows better which are used.
        mutating func addApplication(_ word: ArraySlice<UInt8>) {
            // Each dot of a word makes a name of what is before it.
            let applications = surroundings.index.applications
            guard surroundings.isGenerous, !applications.isEmpty, word.count <= LayerPath.componentLimit else { return }
            for name in ErlangApplication.names(in: word) { add(applications[name], .uses) }
        }

        mutating func add(_ file: ELFFile) {
            if let interpreter = file.interpreter { addPath(interpreter[...], .interpreter) }
            for name in file.needed {
                let component = name.split(separator: UInt8(ascii: "/")).last ?? []
                add(surroundings.index.objects[Array(component)], .needs)
                if name.contains(UInt8(ascii: "/")) { addPath(name[...], .needs) }
            }
        }

        mutating func add(_ line: FirstLine) {
            addPath(line.interpreter, .interpreter)
            if let command = line.command { add(surroundings.index.commands[Array(command)], .interpreter) }
        }

        private mutating func add(_ group: Int32?, _ kind: Closure.Cause.Kind) {
            guard let group, seenGroups.insert(group).inserted else { return }
            found.append(Found(thing: .group(group), kind: kind))
        }

        private mutating func addPath(_ path: ArraySlice<UInt8>, _ kind: Closure.Cause.Kind) {
            // Paths stand in files again and again; a file made to fill memory with them has only its first.
            guard seenPaths.count < FileReferences.mostNames, pathBytes <= FileReferences.mostNameBytes,
                seenPaths.insert(Array(path)).inserted
            else { return }
            pathBytes += path.count
            let trail = surroundings.tree.trail(of: path, from: folder)
            guard let end = trail.end, end != FileTree.root else { return }
            let isFolder = surroundings.tree.isDirectory(end)
            guard !isFolder || surroundings.isOwn(end) else { return }
            for link in trail.links where seen.insert(link).inserted {
                found.append(Found(thing: .node(link), kind: kind))
            }
            guard seen.insert(end).inserted else { return }
            found.append(Found(thing: isFolder ? .folder(end) : .node(end), kind: kind))
        }
    }
}

/// A script's `#!` line.
struct FirstLine {
    let interpreter: ArraySlice<UInt8>
    /// What `env` is to run.
    let command: ArraySlice<UInt8>?

    private static let shells = ["sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "busybox"].map { Array($0.utf8) }

    /// Nil for what does not begin with one.
    init?(_ head: [UInt8]) {
        guard head.starts(with: "#!".utf8) else { return nil }
        let line = head.dropFirst(2).prefix { $0 != UInt8(ascii: "\n") }
        let words = line.split { " \t\r".utf8.contains($0) }
        guard let first = words.first else { return nil }
        interpreter = first
        let isEnvironment = first.split(separator: UInt8(ascii: "/")).last?.elementsEqual("env".utf8) ?? false
        command =
            isEnvironment
            ? words.dropFirst().first { $0.first != UInt8(ascii: "-") && !$0.contains(UInt8(ascii: "=")) } : nil
    }

    /// Whether a shell reads the script.
    var isShell: Bool {
        let name = (command ?? interpreter).split(separator: UInt8(ascii: "/")).last ?? []
        return Self.shells.contains { $0.elementsEqual(name) }
    }
}
