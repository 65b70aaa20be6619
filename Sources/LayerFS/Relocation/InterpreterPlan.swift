internal import ELF

/// Which programs are to ask for their loader at another path, and which will not run.
struct InterpreterPlan {
    private let prefix: [UInt8]
    private let machine: UInt16
    private(set) var patches: [(content: FileTree.ContentID, patch: ELFPatch)] = []
    private(set) var unreachable: [Relocation.Finding] = []
    private(set) var refused: [Relocation.Finding] = []
    /// For each interpreter that was asked for, where it is; nil when it is not in the tree.
    private var nodes: [[UInt8]: Int32?] = [:]
    /// How many programs ask for each loader, by the name they have for it.
    private var votes: [[UInt8]: Int] = [:]

    init(prefix: [UInt8], machine: UInt16) {
        self.prefix = prefix
        self.machine = machine
    }

    mutating func decide(_ survey: ELFSurvey, in tree: FileTree) {
        for entry in survey.entries {
            switch entry.outcome {
            case .sound(let file):
                guard let file else { continue }
                decide(file, entry, tree)
            case .unsound(let error):
                // Data that only begins like a program is nobody's loss.
                if entry.isExecutable { refuse(entry, error.reason, tree) }
            }
        }
    }

    private mutating func decide(_ file: ELFFile, _ entry: ELFSurvey.Entry, _ tree: FileTree) {
        guard file.kind != .other else { return }
        let isProgram = file.interpreter != nil || file.isStaticProgram
        if file.hasMalformedInterpreter {
            // What debuggers read has a program's headers and not its data.
            if entry.isExecutable { refuse(entry, "names its loader in a way that Linux does not take", tree) }
        } else if file.machine != machine || !file.is64Bit {
            if isProgram, entry.isExecutable { refuse(entry, Self.otherProcessor(file), tree) }
        } else if let interpreter = file.interpreter {
            repoint(file, to: interpreter, entry, tree)
        } else if file.isStaticProgram, entry.isExecutable {
            unreachable.append(
                Relocation.Finding(path: tree.path(of: entry.node), reason: file.isGo ? "static, made by Go" : "static")
            )
        }
    }

    private static func otherProcessor(_ file: ELFFile) -> String {
        switch (file.machine, file.is64Bit) {
        case (62, false): "is for x32, which Lambda's kernel does not run"
        case (_, false): "is for a 32-bit processor (ELF machine \(file.machine))"
        default: "is for another processor (ELF machine \(file.machine))"
        }
    }

    private mutating func repoint(
        _ file: ELFFile, to interpreter: [UInt8], _ entry: ELFSurvey.Entry, _ tree: FileTree
    ) {
        guard interpreter.first == UInt8(ascii: "/") else {
            return refuse(entry, "asks for a loader by the relative path \(Self.text(interpreter))", tree)
        }
        // One that was relocated before stays as it is.
        let isRepointed = interpreter.starts(with: prefix + [UInt8(ascii: "/")])
        let inside = isRepointed ? Array(interpreter[prefix.count...]) : interpreter
        guard find(inside, in: tree) != nil else {
            return refuse(entry, "asks for the loader \(Self.text(inside)), which is not in the image", tree)
        }
        votes[inside, default: 0] += 1
        if file.isGo {
            unreachable.append(
                Relocation.Finding(
                    path: tree.path(of: entry.node), reason: "made by Go, whose programs call Linux without a library"))
        }
        guard !isRepointed else { return }
        guard let patch = file.patch(interpreter: prefix + interpreter, size: entry.size) else {
            return refuse(entry, "cannot be given a longer path of its loader", tree)
        }
        patches.append((entry.content, patch))
    }

    private mutating func find(_ interpreter: [UInt8], in tree: FileTree) -> Int32? {
        if let known = nodes[interpreter] { return known }
        let node = tree.file(at: Array(interpreter.drop { $0 == UInt8(ascii: "/") }))
        nodes[interpreter] = .some(node)
        return node
    }

    private mutating func refuse(_ entry: ELFSurvey.Entry, _ reason: String, _ tree: FileTree) {
        refused.append(Relocation.Finding(path: tree.path(of: entry.node), reason: reason))
    }

    private static func text(_ path: [UInt8]) -> String { String(decoding: path, as: UTF8.self) }

    // MARK: - The image's loader

    /// Larger than any loader; glibc's is a quarter of a megabyte.
    private static let mostLoaderBytes = 16 << 20

    /// The loader that most programs ask for; among equals the one whose name is first in byte order.
    func loader(in tree: FileTree, _ contents: TreeContents) throws -> Relocation.Loader? {
        let known = votes.filter { Relocation.Loader.Family(loader: Self.name($0.key)) != nil }
        let favourite = known.max {
            $0.value != $1.value ? $0.value < $1.value : $1.key.lexicographicallyPrecedes($0.key)
        }
        guard let path = favourite?.key, let node = nodes[path] ?? nil,
            let family = Relocation.Loader.Family(loader: Self.name(path))
        else { return nil }
        var bytes: [UInt8] = []
        if let content = tree.inode(of: node).content, contents.size(of: content) <= Self.mostLoaderBytes {
            bytes = try contents.read(content, at: 0, count: contents.size(of: content))
        }
        // Not to be had from a version number: distributions carry it back, and a loader knows its own options. musl
        // compares what comes after the dashes.
        let option = family == .musl ? "argv0\0" : "--argv0\0"
        return Relocation.Loader(
            family: family, path: tree.path(of: node), name: Array(Self.name(path)),
            hasArgumentZero: Self.holds(Array(option.utf8), bytes))
    }

    private static func name(_ path: [UInt8]) -> ArraySlice<UInt8> {
        path[((path.lastIndex(of: UInt8(ascii: "/")) ?? -1) + 1)...]
    }

    /// Whether a text stands somewhere in bytes.
    private static func holds(_ text: [UInt8], _ bytes: [UInt8]) -> Bool {
        guard let first = text.first, bytes.count >= text.count else { return false }
        return bytes.indices.dropLast(text.count - 1).contains {
            bytes[$0] == first && bytes[$0..<$0 + text.count].elementsEqual(text)
        }
    }

    // MARK: - Applying

    /// Gives the tree's files their new contents.
    func apply(to tree: inout FileTree, _ made: RelocatedContents) throws {
        guard !patches.isEmpty else { return }
        var replacements: [FileTree.ContentID: FileTree.ContentID] = [:]
        // In the order in which the layers have them: neighbours share blocks.
        for (content, patch) in patches.sorted(by: {
            ($0.content.layer, $0.content.content) < ($1.content.layer, $1.content.content)
        }) { replacements[content] = try made.add(patch, to: content) }
        tree.replaceContents(replacements)
    }
}
