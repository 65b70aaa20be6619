internal import ByteKit
internal import ImageModel
package import LayerFS
internal import Packager
internal import Recipe

/// What the closure of a recipe's function begins with. docs/prune.md.
package struct FunctionRoots: Sendable {
    let recipe: Recipe
    let image: ResolvedImage

    /// Nil for a profile that asks for no closure.
    var plan: ClosurePlan? {
        guard recipe.prune.profile.isClosure else { return nil }
        let trace = recipe.prune.trace.map { trace in
            ClosurePlan.Trace(trace.map { ClosurePlan.Trace.Test(name: $0.test, opened: $0.opened) })
        }
        return ClosurePlan(sets: Self.sets + namedLocales, trace: trace) { try roots(in: $0, $1) }
    }

    /// All sets there are: of systems, and of languages.
    package static let sets: [KeepSet] =
        KeepSet.system
        + Launcher.all.flatMap(\.sets).map {
            KeepSet(
                $0.name, $0.reason, when: $0.triggers, words: $0.words, $0.paths, except: $0.exceptions,
                isTraced: $0.isTraced)
        }

    private var environment: [(name: String, value: String)] {
        image.config.environment.compactMap(PackageInput.variable) + recipe.environment.map { ($0.name, $0.value) }
    }

    /// Locales are found by the names in variables, in ways of their own.
    private var namedLocales: [KeepSet] {
        let named = environment.filter { $0.name == "LANG" || $0.name.hasPrefix("LC_") }.map(\.value)
        guard let name = named.first(where: { !["", "C", "POSIX"].contains($0) && !$0.hasPrefix("C.") })
        else { return [] }
        return [KeepSet("named-locale", "locales, since the environment names \(name)", ["usr/lib/locale/**"])]
    }

    private func roots(in tree: FileTree, _ contents: TreeContents) throws -> ClosureRoots {
        var input = PackageInput(recipe, image, TreeView.view(tree, contents), bootstrap: "")
        input.launcher = try LauncherChoice(of: recipe, image, input)
        var roots = ClosureRoots()
        roots.programs = try PackageBuilder.programs(of: input).map { Array($0.utf8) }
        roots.folders = [image.config.workingDirectory].compactMap(\.self).map { Array($0.utf8) }
        roots.commandFolders = Self.commandFolders(environment)
        roots.texts = try texts(input)
        if let zone = environment.last(where: { $0.name == "TZ" })?.value {
            roots.programs.append(Array("usr/share/zoneinfo/\(zone.drop { $0 == ":" })".utf8))
        }
        return roots
    }

    /// Where programs are looked for when they are named without a folder. Debian's games have folders of their own, which
    /// scripts put on their PATH.
    private static func commandFolders(_ environment: [(name: String, value: String)]) -> [[UInt8]] {
        let path = environment.last { $0.name == "PATH" }?.value ?? ""
        let usual = [
            "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/games",
            "/usr/games",
        ]
        return (path.split(separator: ":").map(String.init) + usual).map { Array($0.utf8) }
    }

    // MARK: - What the function brings along

    private func texts(_ input: PackageInput) throws -> [ClosureRoots.Text] {
        let isOwn = recipe.script == nil && recipe.command == nil
        let commands = [
            ("the command", recipe.command), ("the image's entry point", isOwn ? image.config.entrypoint : []),
            ("the image's command", isOwn ? image.config.command : []),
        ]
        var texts = commands.map { name, words in
            ClosureRoots.Text(name, Array((words ?? []).joined(separator: "\n").utf8), mayNameCommands: true)
        }
        texts += environment.filter { $0.name != "PATH" }.map {
            ClosureRoots.Text("the variable \($0.name)", Array($0.value.utf8), mayNameCommands: false)
        }
        for source in [input.script].compactMap(\.self) + input.files {
            for entry in try ShippedFiles.entries(of: source) {
                guard case .file(let file) = entry.content else { continue }
                texts.append(try Self.text(of: file, called: source.path))
            }
        }
        return texts
    }

    /// Larger than programs are; of what is larger, such as a model, the beginning is looked at.
    private static let mostBytes = 64 << 20
    /// Larger than scripts are: words of what is larger are no commands.
    private static let mostScriptBytes = 1 << 20

    private static func text(of path: String, called name: String) throws -> ClosureRoots.Text {
        let file = try InputFile(path)
        let bytes = try file.read(count: min(file.size, mostBytes), at: 0)
        return ClosureRoots.Text(name, bytes, mayNameCommands: bytes.count <= mostScriptBytes && !bytes.contains(0))
    }
}
