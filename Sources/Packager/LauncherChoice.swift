/// The launcher of a function, and why it is this one.
package struct LauncherChoice: Sendable {
    package let launcher: Launcher
    /// For people: “the image has /usr/local/bin/ruby, and its command is irb”.
    package let reason: String

    package init(_ launcher: Launcher, because reason: String) {
        self.launcher = launcher
        self.reason = reason
    }

    /// Finds the launcher that a recipe means.
    ///
    /// - Parameters:
    ///   - name: a launcher's name, or `auto`.
    ///   - script: the recipe's script, if it has one.
    ///   - image: what is known of the image.
    package static func choose(
        _ name: String, for script: PackageInput.Source?, in image: ImageFacts
    ) throws(PackagerError) -> LauncherChoice {
        if name == "auto" { return automatic(try script.map(Script.init), image) }
        guard let launcher = Launcher.named(name) else {
            throw PackagerError(
                .unknownLauncher, "there is no launcher ‘\(name)’",
                hint: "there are " + Launcher.all.map(\.name).joined(separator: ", "))
        }
        guard launcher.programs.isEmpty || launcher.program(in: image) != nil else {
            throw PackagerError(
                .programMissing,
                "the image has none of the programs of the launcher ‘\(name)’: "
                    + launcher.programs.joined(separator: ", "),
                hint: "choose another ‘launcher’; ‘generic’ asks for none")
        }
        return LauncherChoice(launcher, because: "the recipe names it")
    }

    /// The surest sign first: the script that will run, what the image starts, what it says of itself, what is in it.
    private static func automatic(_ script: Script?, _ image: ImageFacts) -> LauncherChoice {
        let candidates = Launcher.all.compactMap { launcher in
            launcher.program(in: image).map { (launcher: launcher, program: $0) }
        }
        if let script, let found = candidates.first(where: { script.isFor($0.launcher) && $0.launcher.name != "shell" })
        {
            return LauncherChoice(
                found.launcher, because: "the image has \(found.program), and the script is \(script.name)")
        }
        // A wrapper, such as an init, may stand before the program.
        for word in image.command.prefix(8) where !word.hasPrefix("-") {
            let name = word.split(separator: "/").last.map(String.init) ?? ""
            // A shell runs something else.
            if let found = candidates.first(where: { $0.launcher.owns(name) && $0.launcher.name != "shell" }) {
                return LauncherChoice(
                    found.launcher, because: "the image has \(found.program), and its command is \(name)")
            }
        }
        for found in candidates {
            if let variable = found.launcher.variables.first(where: { image.value(of: $0) != nil }) {
                return LauncherChoice(found.launcher, because: "the image has \(found.program) and sets \(variable)")
            }
        }
        // What stands outside of the distribution's own folders was put there on purpose.
        let telling = candidates.filter { !$0.launcher.isCommon }
        let isDistributions = { (path: String) in path.hasPrefix("/usr/bin/") || path.hasPrefix("/bin/") }
        if let found = telling.first(where: { !isDistributions($0.program) }) ?? telling.first {
            return LauncherChoice(found.launcher, because: "the image has \(found.program)")
        }
        return LauncherChoice(.generic, because: "the image has no program that another launcher knows")
    }
}
