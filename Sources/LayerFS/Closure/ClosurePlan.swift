/// What a closure begins with, and what it may take along. docs/prune.md.
package struct ClosurePlan: Sendable {
    package var sets: [KeepSet]
    /// What the recipe's tests opened; nil when nobody looked. With it, sets that it replaces are left out.
    package var trace: Trace?
    /// What the function itself begins with, once there is a tree to look into.
    package var roots: @Sendable (FileTree, TreeContents) throws -> ClosureRoots

    package init(
        sets: [KeepSet], trace: Trace? = nil,
        roots: @escaping @Sendable (FileTree, TreeContents) throws -> ClosureRoots
    ) {
        self.sets = sets
        self.trace = trace
        self.roots = roots
    }

    /// Files that tests opened.
    package struct Trace: Sendable, Equatable {
        package var tests: [Test]

        package init(_ tests: [Test]) { self.tests = tests }

        package struct Test: Sendable, Equatable {
            package var name: String
            /// Paths in the image, relative to its root, in byte order.
            package var opened: [[UInt8]]

            package init(name: String, opened: [[UInt8]]) {
                self.name = name
                self.opened = opened
            }
        }
    }
}

/// What a function begins with.
package struct ClosureRoots: Sendable {
    /// Programs and other files of the image that are sure to be used, by their paths in it.
    package var programs: [[UInt8]] = []
    /// Folders of the image that stay whole unless many have something in them.
    package var folders: [[UInt8]] = []
    /// What the function brings along: files' bytes and variables, each with what people call it.
    package var texts: [Text] = []
    /// The folders that commands are looked for in.
    package var commandFolders: [[UInt8]] = []

    package init() {}

    package struct Text: Sendable {
        package var name: String
        package var bytes: [UInt8]
        /// Whether its words may be commands; variables' are not.
        package var mayNameCommands: Bool

        package init(_ name: String, _ bytes: [UInt8], mayNameCommands: Bool) {
            self.name = name
            self.bytes = bytes
            self.mayNameCommands = mayNameCommands
        }
    }
}

extension Closure {
    /// Why something stays.
    struct Cause: Sendable {
        enum Kind: UInt8, Sendable {
            /// What `source` numbers: nothing, texts, sets, tests, and for the rest nodes.
            case program, folder, kept, unchanged
            case text
            case set
            case opened
            case needs, interpreter, loads, names, runs, uses, leads, twin
        }

        var kind: Kind
        var source: Int32 = 0
    }
}
