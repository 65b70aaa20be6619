/// A pattern over paths: `*` and `?` within a component, `**` across them, `[a-z]` sets. Relative to the root.
///
/// A pattern without a slash matches the last component anywhere; one that ends in `/**` matches all that is below.
package struct PathPattern: Sendable, Hashable {
    /// As it was written.
    package let text: String
    private let components: [Component]

    private enum Component: Sendable, Hashable {
        /// `**`: any number of components.
        case any
        case glob([UInt8])
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
    }

    /// Whether a path, given as its components, matches.
    package func matches(_ path: [ArraySlice<UInt8>]) -> Bool {
        // One row of the usual table: `reached[i]` says that the first i components of the pattern match so far.
        var reached = [Bool](repeating: false, count: components.count + 1)
        reached[0] = true
        spread(&reached)
        for name in path {
            var next = [Bool](repeating: false, count: reached.count)
            for (index, component) in components.enumerated() where reached[index] {
                switch component {
                case .any: next[index] = true
                case .glob(let glob): if Self.glob(glob[...], matches: name) { next[index + 1] = true }
                }
            }
            spread(&next)
            reached = next
        }
        return reached[components.count]
    }

    /// `**` may stand for nothing.
    private func spread(_ reached: inout [Bool]) {
        for (index, component) in components.enumerated() where reached[index] && component == .any {
            reached[index + 1] = true
        }
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
