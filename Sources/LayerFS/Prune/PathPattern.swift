/// A pattern over paths: `*` and `?` within a component, `**` across them, `[a-z]` sets. Relative to the root.
///
/// A pattern without a slash matches the last component anywhere; one that ends in `/**` matches all that is below.
package struct PathPattern: Sendable, Hashable {
    /// As it was written.
    package let text: String
    private let components: [Component]
    /// The first components, as far as they have no wildcard.
    private let literals: [[UInt8]]

    private enum Component: Sendable, Hashable {
        /// `**`: any number of components.
        case any
        case glob([UInt8])

        var bytes: [UInt8]? {
            guard case .glob(let glob) = self else { return nil }
            return glob
        }

        var isLiteral: Bool {
            bytes.map { !$0.contains { byte in "*?[".utf8.contains(byte) } } ?? false
        }
    }

    package init(_ text: String) {
        self.text = text
        let parts = text.utf8.split(separator: UInt8(ascii: "/")).map { Array($0) }
        var components: [Component] = parts.map { $0.elementsEqual("**".utf8) ? .any : .glob($0) }
        if !text.utf8.contains(UInt8(ascii: "/")) { components.insert(.any, at: 0) }
        // No name is empty, so an empty pattern matches nothing; without this, `**` alone would be left of it.
        if text.isEmpty { components = [.glob([])] }
        // `a/**` is about what is below `a`, not `a` itself: a last `**` stands for at least one component.
        if components.count > 1, components.last == .any {
            components.insert(.glob(Array("*".utf8)), at: components.count - 1)
        }
        self.components = components
        literals = components.prefix { $0.isLiteral }.compactMap { $0.bytes }
    }

    /// The most components for which a row of the table fits a word: all that people write.
    private static let wordLimit = 62

    /// Whether a path, given as its components, matches.
    package func matches(_ path: [ArraySlice<UInt8>]) -> Bool {
        // Most patterns name the folder they are about: most paths are turned away here.
        guard path.count >= literals.count, zip(literals, path).allSatisfy({ $1.elementsEqual($0) }) else {
            return false
        }
        // So are most others, by their last name.
        if let last = components.last?.bytes, let name = path.last, !Self.glob(last[...], matches: name) {
            return false
        }
        guard components.count <= Self.wordLimit else { return matchesAtLength(path) }
        // One row of the usual table, as bits: bit i says that the first i components of the pattern match so far.
        var reached = spread(1)
        for name in path where reached != 0 {
            var next: UInt64 = 0
            for (index, component) in components.enumerated() where reached & 1 << index != 0 {
                switch component {
                case .any: next |= 1 << index
                case .glob(let glob): if Self.glob(glob[...], matches: name) { next |= 1 << (index + 1) }
                }
            }
            reached = spread(next)
        }
        return reached & 1 << components.count != 0
    }

    /// The same table for patterns of any length.
    private func matchesAtLength(_ path: [ArraySlice<UInt8>]) -> Bool {
        var reached = Set([0])
        for (index, component) in components.enumerated() where reached.contains(index) && component == .any {
            reached.insert(index + 1)
        }
        for name in path {
            var next = Set<Int>()
            for (index, component) in components.enumerated() {
                guard reached.contains(index) || (component == .any && next.contains(index)) else { continue }
                switch component {
                case .any: next.formUnion([index, index + 1])
                case .glob(let glob): if Self.glob(glob[...], matches: name) { next.insert(index + 1) }
                }
            }
            reached = next
        }
        return reached.contains(components.count)
    }

    /// `**` may stand for nothing.
    private func spread(_ reached: UInt64) -> UInt64 {
        var reached = reached
        for (index, component) in components.enumerated() where component == .any && reached & 1 << index != 0 {
            reached |= 1 << (index + 1)
        }
        return reached
    }

    /// Matches one component; iterative, so that no pattern makes it slow.
    private static func glob(_ glob: ArraySlice<UInt8>, matches name: ArraySlice<UInt8>) -> Bool {
        var (pattern, text) = (glob.startIndex, name.startIndex)
        var star: (pattern: Int, text: Int)?
        while text < name.endIndex {
            if pattern < glob.endIndex, glob[pattern] == UInt8(ascii: "*") {
                star = (pattern + 1, text)
                pattern += 1
            } else if pattern < glob.endIndex, let next = one(glob, at: pattern, matches: name[text]) {
                pattern = next
                text += 1
            } else if let back = star {
                star = (back.pattern, back.text + 1)
                (pattern, text) = (back.pattern, back.text + 1)
            } else {
                return false
            }
        }
        return glob[pattern...].allSatisfy { $0 == UInt8(ascii: "*") }
    }

    /// Matches one byte; gives where the pattern goes on.
    private static func one(_ glob: ArraySlice<UInt8>, at start: Int, matches byte: UInt8) -> Int? {
        switch glob[start] {
        case UInt8(ascii: "?"): return start + 1
        case UInt8(ascii: "["):
            guard let end = glob[(start + 1)...].firstIndex(of: UInt8(ascii: "]")), end > start + 1 else { break }
            var set = glob[(start + 1)..<end]
            let isNegated = set.first == UInt8(ascii: "!") && set.count > 1
            if isNegated { set = set.dropFirst() }
            return contains(set, byte) != isNegated ? end + 1 : nil
        default: break
        }
        return glob[start] == byte ? start + 1 : nil
    }

    private static func contains(_ set: ArraySlice<UInt8>, _ byte: UInt8) -> Bool {
        var index = set.startIndex
        while index < set.endIndex {
            if index + 2 < set.endIndex, set[index + 1] == UInt8(ascii: "-") {
                if set[index] <= byte && byte <= set[index + 2] { return true }
                index += 3
            } else {
                if set[index] == byte { return true }
                index += 1
            }
        }
        return false
    }
}
