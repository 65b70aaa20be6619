/// What was done to a tree so that it works below a prefix, and what the path library is to know about it.
/// docs/relocation.md.
package struct Relocation: Sendable {
    /// The folder that the tree will lie in, without a slash at its end.
    package let prefix: [UInt8]
    /// The loader that most programs ask for; nil when none does.
    package var loader: Loader?
    /// Folders that have libraries, links followed, relative to the root, in the order in which they are searched.
    package var libraryFolders: [[UInt8]] = []
    /// Symlinks that lead elsewhere now.
    package var symlinks = 0
    /// Programs whose interpreter is another now, each content once.
    package var interpreters = 0
    /// Locales that came out of the archive.
    package var locales = 0
    /// Programs that the path library does not reach.
    package var unreachable: [Finding] = []
    /// Programs that will not run.
    package var refused: [Finding] = []
    /// What else is worth telling.
    package var warnings: [String] = []

    init(prefix: [UInt8]) { self.prefix = prefix }

    /// A program, and what is the matter with it.
    package struct Finding: Sendable, Equatable {
        /// Relative to the root.
        package var path: [UInt8]
        package var reason: String
    }

    /// The image's dynamic loader: the program that loads its programs.
    package struct Loader: Sendable, Equatable {
        package enum Family: String, Sendable {
            case glibc, musl
        }

        package var family: Family
        /// Where it is in the tree, links followed, relative to the root.
        package var path: [UInt8]
        /// The name that programs ask for, as in `ld-linux-x86-64.so.2`.
        package var name: [UInt8]
        /// Whether it has the option `--argv0`: glibc from 2.33 on, musl from 1.2.
        package var hasArgumentZero: Bool
    }
}

extension Relocation.Loader.Family {
    /// Whose loader goes by this name; nil for any other's.
    init?(loader name: some Collection<UInt8>) {
        if name.starts(with: "ld-musl-".utf8) {
            self = .musl
        } else if name.starts(with: "ld-linux".utf8) || name.starts(with: "ld64.so".utf8)
            || name.elementsEqual("ld.so.1".utf8)
        {
            self = .glibc
        } else {
            return nil
        }
    }
}
