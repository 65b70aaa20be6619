/// The applications of Erlang and Elixir in a tree: folders with an `ebin`, found by their own names and by those of their
/// modules.
///
/// All an image's applications are several times what a function uses, and each says in its `.app` file which others it needs:
/// so they are taken one by one.
struct ApplicationIndex: Sendable {
    /// For each application, its files: compiled modules, native code and headers, and no sources.
    private(set) var files: [[Int32]] = []
    /// The applications of a name, by their numbers. There may be several versions of one.
    private(set) var byName: [[UInt8]: [Int]] = [:]

    private static let parts = ["ebin", "priv", "include"].map { Array($0.utf8) }

    init(_ tree: FileTree, _ order: FileTree.Order) {
        for node in order.preorder where tree.isDirectory(node) && tree.name(of: node).elementsEqual("ebin".utf8) {
            // The emulator has the modules of `erts` inside.
            guard !tree.name(of: tree.nodes[Int(node)].parent).starts(with: "erts-".utf8) else { continue }
            let names = order.children[Int(node)].map { tree.name(of: $0) }
            guard names.contains(where: { Self.stem(of: $0, ending: ".app") != nil }) else { continue }
            add(names, in: tree.nodes[Int(node)].parent, tree, order)
        }
    }

    private mutating func add(_ names: [ArraySlice<UInt8>], in folder: Int32, _ tree: FileTree, _ order: FileTree.Order)
    {
        for name in names {
            guard let stem = Self.stem(of: name, ending: ".app") ?? Self.stem(of: name, ending: ".beam") else {
                continue
            }
            byName[Array(stem), default: []].append(files.count)
        }
        var found: [Int32] = []
        var pending = order.children[Int(folder)].filter { child in
            Self.parts.contains { $0.elementsEqual(tree.name(of: child)) }
        }
        while let node = pending.popLast() {
            if tree.isDirectory(node) { pending += order.children[Int(node)] } else { found.append(node) }
        }
        files.append(found)
    }

    private static func stem(of name: ArraySlice<UInt8>, ending: String) -> ArraySlice<UInt8>? {
        let ending = ending.utf8
        guard name.count > ending.count, name.suffix(ending.count).elementsEqual(ending) else { return nil }
        return name.dropLast(ending.count)
    }

    /// The names that a word of a program may have of applications: `httpc.request`, `Logger`, `mnesia`.
    func names(in word: ArraySlice<UInt8>) -> [[UInt8]] {
        guard !byName.isEmpty else { return [] }
        var end = word.endIndex
        var names: [[UInt8]] = []
        while true {
            let name = Array(word[..<end])
            // Elixir's modules have a prefix that its programs leave out.
            names += [name, Array("Elixir.".utf8) + name]
            guard let cut = name.lastIndex(of: UInt8(ascii: ".")) else { return names }
            end = word.startIndex + cut
        }
    }

    /// The applications that an `.app` file says it needs: the words of its lists `applications` and
    /// `included_applications`. app(5).
    static func needs(in text: [UInt8]) -> [ArraySlice<UInt8>] {
        ["{applications", "included_applications"].flatMap { key -> [ArraySlice<UInt8>] in
            guard let place = text.firstRange(of: Array(key.utf8)) else { return [] }
            let list = text[place.upperBound...].drop { $0 != UInt8(ascii: "[") }.prefix { $0 != UInt8(ascii: "]") }
            return list.split { !ReferenceScanner.isPartOfName($0) }
        }
    }
}
