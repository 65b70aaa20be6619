internal import CSupervisor

#if !hasFeature(Embedded)
    internal import JSON
    internal import SquashFS
#endif

/// Works out what to execute: the command, or the script through the interpreter that its first line asks for.
struct ProgramFinder {
    let spec: LaunchSpec
    /// The package's folder.
    let package: [UInt8]
    /// The program's PATH.
    let path: [UInt8]

    /// The executable, and its arguments with its own name first.
    func find() throws(Failure) -> (executable: [UInt8], arguments: [[UInt8]]) {
        let script = spec.script.map { package.appending(path: $0) }
        if let command = spec.command, let name = command.first {
            let arguments = command + (script.map { [$0] } ?? [])
            guard let executable = lookUp(name) else {
                throw Failure(
                    "Script.NotFound", [UInt8]("the command ‘") + name + [UInt8]("’ is not found on PATH ") + path)
            }
            return (executable, arguments)
        }
        guard let script else {
            throw Failure("Launch.Invalid", [UInt8]("launch.json names neither a script nor a command"))
        }
        return try interpret(script)
    }

    /// What runs a script. Lambda's zip files may lose the executable bit; then the shell reads it.
    private func interpret(_ script: [UInt8]) throws(Failure) -> (executable: [UInt8], arguments: [[UInt8]]) {
        let firstLine: [UInt8]
        do throws(SystemFailure) {
            var head: [UInt8] = []
            _ = try OpenFile(script, .file).read(4096, appendingTo: &head)
            firstLine = [UInt8](head.prefix { $0 != 0x0a })
        } catch {
            throw .system("Script.NotFound", "cannot read the script ", script, error)
        }
        guard firstLine.starts(with: [UInt8]("#!")), Self.isExecutable(script) else {
            // A program without a first line of that kind: an ELF file, or a script for the shell.
            if firstLine.first == 0x7f, Self.isExecutable(script) { return (script, [script]) }
            let shell = [UInt8]("/bin/sh")
            return (interpreter(shell), [shell, script])
        }
        // As Linux does it: the interpreter's path, and all that follows as one argument.
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }
        let words = firstLine.dropFirst(2).drop(while: isSpace)
        let name = [UInt8](words.prefix { !isSpace($0) })
        var rest = [UInt8](words.dropFirst(name.count).drop(while: isSpace))
        while let last = rest.last, isSpace(last) { rest.removeLast() }
        guard !name.isEmpty else {
            throw Failure("Script.NotFound", [UInt8]("the script’s first line names no interpreter: ") + script)
        }
        return (interpreter(name), [name] + (rest.isEmpty ? [] : [rest]) + [script])
    }

    /// An interpreter written with its path in the image: the launcher's own for it, or the one at that path here,
    /// or the one in the unpacked image.
    private func interpreter(_ name: [UInt8]) -> [UInt8] {
        for folder in spec.path {
            let candidate = FunctionEnvironment.absolute(folder, package).appending(path: name.lastComponent)
            if Self.isExecutable(candidate) { return candidate }
        }
        let unpacked = FunctionEnvironment.inImage(name, spec.root)
        return !Self.isExecutable(name) && Self.isExecutable(unpacked) ? unpacked : name
    }

    private func lookUp(_ name: [UInt8]) -> [UInt8]? {
        guard !name.contains(UInt8(ascii: "/")) else {
            if name.first == UInt8(ascii: "/") { return interpreter(name) }
            return package.appending(path: name)
        }
        for folder in path.parts(separatedBy: UInt8(ascii: ":")) where !folder.isEmpty {
            let candidate = folder.appending(path: name)
            if Self.isExecutable(candidate) { return candidate }
        }
        return nil
    }

    private static func isExecutable(_ path: [UInt8]) -> Bool {
        let result = unsafe try? path.withCall { unsafe csupervisor_is_executable($0) }
        return result == 1
    }
}
