internal import CSupervisor

#if !hasFeature(Embedded)
    internal import JSON
    internal import SquashFS
#endif

/// Works out what to execute, where the image's programs are not where they think they are.
struct ProgramFinder {
    /// An executable of this machine, and its arguments with its own name first, in the image's terms.
    struct Start {
        var executable: [UInt8]
        var arguments: [[UInt8]]
    }

    let spec: LaunchSpec
    /// The package's folder.
    let package: [UInt8]
    let paths: ImagePaths
    /// The program's PATH.
    let path: [UInt8]

    /// The recipe's command, or its script.
    ///
    /// - Parameter arguments: more words for it.
    func find(_ arguments: [[UInt8]] = []) throws(Failure) -> Start {
        let script = spec.script.map { package.appending(path: $0) }
        if let command = spec.command { return try start(command + (script.map { [$0] } ?? []) + arguments) }
        guard let script else {
            throw Failure("Launch.Invalid", [UInt8]("launch.json names neither a script nor a command"))
        }
        return try find(script: script, spec.interpreter ?? [Self.shell], arguments)
    }

    /// A script that is in no package. Nothing is known of its language but what it says itself.
    func find(script: [UInt8], _ arguments: [[UInt8]]) throws(Failure) -> Start {
        try find(script: script, [Self.shell], arguments)
    }

    private func find(
        script: [UInt8], _ interpreter: [[UInt8]], _ arguments: [[UInt8]]
    ) throws(Failure) -> Start {
        let file: ProgramFile
        do throws(SystemFailure) { file = try ProgramFile(script) } catch {
            throw .system("Script.NotFound", "cannot read the script ", script, error)
        }
        return try start((file == .other ? interpreter : []) + [script] + arguments)
    }

    /// The worker that runs the script; a spare is told which when it starts.
    func find(_ worker: LaunchSpec.Worker) throws(Failure) -> Start {
        let script = worker.isSpare ? spec.script.map { [$0] } ?? [] : []
        return try start(worker.command + ([worker.program] + script).map { package.appending(path: $0) })
    }

    private static var shell: [UInt8] { [UInt8]("/bin/sh") }
    /// As many scripts as Linux lets interpret each other.
    private static var mostScripts: Int { 5 }

    /// Follows first lines of scripts until a program is found, as the kernel would if the image were the root.
    private func start(_ words: [[UInt8]]) throws(Failure) -> Start {
        guard let name = words.first, var program = lookUp(name) else {
            throw Failure(
                "Script.NotFound",
                [UInt8]("the command ‘") + (words.first ?? []) + [UInt8]("’ is not found on PATH ") + path)
        }
        var arguments = words
        for _ in 0..<Self.mostScripts {
            let place = paths.onHost(program)
            // What cannot be read may still be executed; if not, the kernel says why.
            guard let file = try? ProgramFile(place) else { return Start(executable: place, arguments: arguments) }
            switch file {
            case .script(let interpreter, let argument):
                guard !interpreter.isEmpty else {
                    throw Failure(
                        "Script.NotFound", [UInt8]("the script’s first line names no interpreter: ") + program)
                }
                arguments = [interpreter] + (argument.map { [$0] } ?? []) + [program] + arguments.dropFirst()
                program = interpreter
            case .other:
                // What execvp(3) does with a file that is no program.
                arguments = [Self.shell, program] + arguments.dropFirst()
                program = Self.shell
            case .fixed: return Start(executable: place, arguments: arguments)
            case .dynamic(let loader): return loaded(place, by: loader, arguments)
            }
        }
        throw Failure(
            "Script.NotFound", [UInt8]("scripts interpret each other without end, or end at no program: ") + program)
    }

    /// A program that asks for a loader of the machine's is one that was not in the image when it was built: it gets
    /// the image's, which knows the image's libraries.
    private func loaded(_ program: [UInt8], by loader: [UInt8], _ arguments: [[UInt8]]) -> Start {
        guard let relocation = spec.relocation, paths.isMoved, paths.onHost(loader) != loader else {
            return Start(executable: program, arguments: arguments)
        }
        let ours = paths.root.appending(path: relocation.loader)
        let name = relocation.loaderHasArgumentZero ? [[UInt8]("--argv0"), arguments[0]] : []
        return Start(executable: ours, arguments: [ours] + name + [program] + arguments.dropFirst())
    }

    /// A program's path in the image's terms. One with a slash in it that is relative is the package's.
    private func lookUp(_ name: [UInt8]) -> [UInt8]? {
        guard !name.contains(UInt8(ascii: "/")) else {
            return name.first == UInt8(ascii: "/") ? name : package.appending(path: name)
        }
        for folder in path.parts(separatedBy: UInt8(ascii: ":")) where !folder.isEmpty {
            let candidate = folder.appending(path: name)
            if Self.isExecutable(paths.onHost(candidate)) { return candidate }
        }
        return nil
    }

    private static func isExecutable(_ path: [UInt8]) -> Bool {
        let result = unsafe try? path.withCall { unsafe csupervisor_is_executable($0) }
        return result == 1
    }
}
