/// An application of Erlang or Elixir in a tree: a folder with an `ebin`.
///
/// All an image's applications are several times what a function uses, and each says in its `.app` file which others it needs:
/// so they are taken one by one.
struct ErlangApplication {
    /// Its own, and those of its modules. There may be several versions with the same ones.
    let names: [[UInt8]]
    /// Where its compiled modules, native code and headers are, and no sources.
    let folders: [Int32]

    private static let parts = ["ebin", "priv", "include"].map { Array($0.utf8) }

    /// The applications of a tree.
    static func all(in tree: FileTree, _ order: FileTree.Order) -> [ErlangApplication] {
        var applications: [ErlangApplication] = []
        for node in order.preorder where tree.isDirectory(node) && tree.name(of: node).elementsEqual("ebin".utf8) {
            // The emulator has the modules of `erts` inside.
            guard !tree.name(of: tree.nodes[Int(node)].parent).starts(with: "erts-".utf8) else { continue }
            let names = order.children[Int(node)].map { tree.name(of: $0) }
            guard names.contains(where: { Self.stem(of: $0, ending: ".app") != nil }) else { continue }
            let folders = order.children[Int(tree.nodes[Int(node)].parent)].filter { child in
                Self.parts.contains { $0.elementsEqual(tree.name(of: child)) }
            }
            let stems = names.compactMap { Self.stem(of: $0, ending: ".app") ?? Self.stem(of: $0, ending: ".beam") }
            applications.append(ErlangApplication(names: stems.map { Array($0) }, folders: folders))
        }
        return applications
    }

    private static func stem(of name: ArraySlice<UInt8>, ending: String) -> ArraySlice<UInt8>? {
        let ending = ending.utf8
        guard name.count > ending.count, name.suffix(ending.count).elementsEqual(ending) else { return nil }
        return name.dropLast(ending.count)
    }

    /// The names that a word of a program may have of applications: `httpc.request`, `Logger`, `mnesia`.
    static func names(in word: ArraySlice<UInt8>) -> [[UInt8]] {
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
