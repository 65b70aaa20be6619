/// Files that stay together, with the reason people are told: what programs open by names that no file's needs tell.
///
/// docs/prune.md lists those there are.
package struct KeepSet: Sendable, Hashable {
    package let name: String
    package let reason: String
    /// What brings the set in: a file that stays and matches.
    package let triggers: [PathPattern]
    /// What brings it in besides: words of the function's programs, such as the name of a library that they require.
    package let words: [String]
    package let patterns: [PathPattern]
    /// What the patterns match and is nevertheless no part of the set.
    package let exceptions: [PathPattern]
    /// Whether a trace says better what of it is needed.
    package let isTraced: Bool

    package init(
        _ name: String, _ reason: String, when triggers: [String] = [], words: [String] = [], _ patterns: [String],
        except exceptions: [String] = [], isTraced: Bool = false
    ) {
        self.name = name
        self.reason = reason
        self.triggers = triggers.map { PathPattern($0) }
        self.words = words
        self.patterns = patterns.map { PathPattern($0) }
        self.exceptions = exceptions.map { PathPattern($0) }
        self.isTraced = isTraced
    }

    /// Whether nothing has to bring it in.
    package var isAlwaysIn: Bool { triggers.isEmpty && words.isEmpty }

    /// Whether a path is one of the set's.
    func contains(_ path: [ArraySlice<UInt8>]) -> Bool {
        patterns.contains { $0.matches(path) } && !exceptions.contains { $0.matches(path) }
    }

    /// Whether a path brings the set in.
    func isTriggered(by path: [ArraySlice<UInt8>]) -> Bool { triggers.contains { $0.matches(path) } }

    /// Whether the set decides about what is in a folder.
    func covers(_ folder: [ArraySlice<UInt8>]) -> Bool {
        let inside = folder + [[UInt8(ascii: "x")][...]]
        return patterns.contains { $0.matches(inside) }
    }
}
