/// What is known of one kind of image: how to tell it, what its programs need, and what runs a script in it.
///
/// A launcher is data. docs/launchers.md says what each of them does, and how to add one.
package struct Launcher: Sendable {
    /// A kind of script that has no `#!` line.
    struct ScriptKind: Sendable {
        /// What the names of such scripts end with, dot included.
        let suffixes: [String]
        /// Commands of which the first one that the image has runs the script.
        let commands: [[String]]
    }

    /// Files that stay together when what nothing refers to is left out: docs/prune.md.
    package struct FileSet: Sendable {
        package let name: String
        /// For people: “Ruby's library, extensions and gems”.
        package let reason: String
        /// Patterns of paths: a file that stays and matches one brings the set in.
        package let triggers: [String]
        /// Words of the function's programs that bring it in as well.
        package let words: [String]
        /// Patterns of the files, and of those among them that are left out all the same.
        package let paths: [String]
        package let exceptions: [String]
        /// Whether a trace of what was opened says better what is needed; not so for files that are only looked for.
        package let isTraced: Bool

        init(
            _ name: String, _ reason: String, when triggers: [String] = [], words: [String] = [], _ paths: [String],
            except: [String] = [], isTraced: Bool = true
        ) {
            self.name = name
            self.reason = reason
            self.triggers = triggers
            self.words = words
            self.paths = paths
            exceptions = except
            self.isTraced = isTraced
        }
    }

    /// The program that runs scripts again and again, or one that waits for an event, shipped with the package.
    struct Worker: Sendable {
        /// Its name in `launcher/worker`.
        let file: String
        let text: String
        /// The command that runs it, where that is not what runs the script.
        var command: [String]?
        /// Words of that command before the worker's path.
        var options: [String] = []
        /// Whether a process of it serves one event only. docs/launchers.md, "Spares".
        var isSpare = false
    }

    /// The name that recipes use.
    package let name: String
    /// What an image of this kind has at least one of. The first one that is there stands for it in messages.
    let programs: [String]
    /// Further programs that an image of this kind would be started with.
    let companions: [String]
    /// Variables that images of this kind set.
    let variables: [String]
    /// Whether so many images have the programs by the way that their being there says nothing.
    let isCommon: Bool
    let scripts: [ScriptKind]
    let worker: Worker?
    /// Variables that the programs need, unless image or recipe set them.
    let environment: @Sendable (ImageFacts) -> [(name: String, value: String)]
    /// What the programs open by names that no file's needs tell.
    package let sets: [FileSet]

    init(
        name: String, programs: [String], companions: [String] = [], variables: [String] = [], isCommon: Bool = false,
        scripts: [ScriptKind] = [], worker: Worker? = nil, sets: [FileSet] = [],
        environment: @escaping @Sendable (ImageFacts) -> [(name: String, value: String)] = { _ in [] }
    ) {
        self.name = name
        self.programs = programs
        self.companions = companions
        self.variables = variables
        self.isCommon = isCommon
        self.scripts = scripts
        self.worker = worker
        self.environment = environment
        self.sets = sets
    }

    /// All there are, the more specific before those that they are built on or that come along with them.
    package static let all = [
        elixir, erlang, r, ruby, node, java, ffmpeg, imageMagick, python, perl, shell, generic,
    ]

    /// The launcher of a name; nil when there is none.
    package static func named(_ name: String) -> Launcher? { all.first { $0.name == name } }

    /// The path in the package of this launcher's worker.
    static func packagePath(of worker: Worker) -> String { "\(FunctionPackage.workerFolder)/\(worker.file)" }
}

extension Launcher {
    /// Where the first of the programs that the image has is: `/usr/local/bin/ruby`.
    func program(in image: ImageFacts) -> String? {
        for name in programs {
            if let path = image.program(name) { return path }
        }
        return nil
    }

    /// Whether a program of this name is one of this kind of image's: `python3.11` is Python's.
    func owns(_ program: String) -> Bool {
        var stem = Substring(program)
        while let last = stem.last, last.isNumber || last == "." || last == "-" { stem.removeLast() }
        return (programs + companions).contains { $0 == program || $0 == stem }
    }

    /// The kind that a script's name says.
    func scriptKind(of name: String) -> ScriptKind? {
        scripts.first { kind in kind.suffixes.contains { name.hasSuffix($0) && name != $0 } }
    }
}
