/// What will run the function's program, looked up in the image while that can still be put right.
struct StartPlan {
    /// What runs a script that does not say so itself; nil for the image's shell, or when it is not needed.
    private(set) var interpreter: [String]?
    /// The worker that runs the script, and the command that runs the worker.
    private(set) var worker: (source: Launcher.Worker, command: [String])?
    /// Programs of the image that are sure to be started, by their paths in it.
    private(set) var programs: [String] = []
    private let input: PackageInput
    private let image: ImageFacts?

    init(_ input: PackageInput, _ script: Script?) throws(PackagerError) {
        self.input = input
        image = input.facts
        if let command = input.command {
            try check(command)
        } else if let script {
            interpreter = try interpreter(of: script)
        }
        guard input.reuse else { return }
        guard let script, input.command == nil else {
            throw PackagerError(
                .noWorker, "‘reuse’ keeps the process that runs a script, and there is no script",
                hint: "remove ‘reuse’, or run a script that does what the command does")
        }
        worker = try worker(for: script)
    }

    // MARK: Programs

    private mutating func check(_ command: [String]) throws(PackagerError) {
        guard let word = command.first, !isShipped(word), !isHosts(word), let image else { return }
        guard let program = image.program(word) else {
            throw PackagerError(
                .programMissing, "the command's program ‘\(word)’ is not in the image",
                hint: "it may have been pruned: name it in ‘prune.keep’")
        }
        programs.append(program)
    }

    private mutating func interpreter(of script: Script) throws(PackagerError) -> [String]? {
        guard let image else { return nil }
        switch script.form {
        case .elf: return nil
        case .firstLine(let path, _):
            let names = Set([path, script.interpreter ?? path])
            for name in names.sorted() where !isHosts(name) {
                guard let program = image.program(name) else {
                    throw PackagerError(
                        .programMissing, "the script \(script.name) is for ‘\(name)’, which is not in the image",
                        hint: "put right its first line; if the program was pruned, name it in ‘prune.keep’")
                }
                programs.append(program)
            }
            return nil
        case .bare: return try command(for: script, image)
        }
    }

    /// The command that runs a script with nothing but a name: its own launcher's, if that knows such names.
    private mutating func command(for script: Script, _ image: ImageFacts) throws(PackagerError) -> [String]? {
        let kinds = ([input.launcher.launcher] + Launcher.all).compactMap { $0.scriptKind(of: script.name) }
        for command in kinds.flatMap(\.commands) {
            guard let program = image.program(command[0]) else { continue }
            programs.append(program)
            return command
        }
        let shell = "/bin/sh"
        if kinds.isEmpty, let program = image.program(shell) {
            programs.append(program)
            return nil
        }
        let wanted = kinds.first?.commands.first?.first ?? shell
        throw PackagerError(
            .programMissing, "the script \(script.name) is for ‘\(wanted)’, which is not in the image",
            hint: "let its first line name a program of the image, as in ‘#!/usr/bin/env ruby’")
    }

    // MARK: Worker

    private mutating func worker(
        for script: Script
    ) throws(PackagerError) -> (source: Launcher.Worker, command: [String]) {
        let launcher = ([input.launcher.launcher] + Launcher.all).first { script.hasWorker(of: $0) }
        guard let launcher, let source = launcher.worker else {
            let known = Launcher.all.filter { $0.worker != nil }.map(\.name).joined(separator: ", ")
            throw PackagerError(
                .noWorker, "‘reuse’ needs a worker that runs the script \(script.name), and there is none",
                hint: "remove ‘reuse’; there are workers for \(known)")
        }
        if let command = source.command {
            try check(command)
            return (source, command + source.options)
        }
        // A first line's options are for one process that runs one script.
        let command =
            script.interpreter.map { [$0] } ?? interpreter ?? launcher.scripts.first?.commands.first
            ?? launcher.programs
        return (source, command + source.options)
    }

    // MARK: Places

    /// A relative path with a slash in it is the package's.
    private func isShipped(_ word: String) -> Bool { word.contains("/") && !word.hasPrefix("/") }

    /// Whether a path is the machine's when the function runs.
    private func isHosts(_ word: String) -> Bool {
        var folders = ["/var/task", "/tmp", "/proc", "/dev", "/sys"]
        if input.relocation != nil { folders += input.hostFolders }
        return folders.contains { word == $0 || word.hasPrefix("\($0)/") }
    }

    /// Refuses a command that names a file of the package which is not there.
    func checkShipped(_ entries: [ZipEntry]) throws(PackagerError) {
        guard let word = input.command?.first, isShipped(word) else { return }
        let path = word.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
        guard !entries.contains(where: { $0.name == path }) else { return }
        throw PackagerError(
            .programMissing, "the command's program ‘\(word)’ is not in the package",
            hint: "the recipe's ‘files’ stand below files/ there; a path of the image begins with a slash")
    }
}
