internal import ByteKit
internal import Supervisor

/// Turns what a package is made of into the package.
///
/// It reads the image's programs and lists folders to be shipped; nothing is written.
package enum PackageBuilder {
    /// Makes a package.
    ///
    /// It throws when a program that must be callable is missing or could not start, when a file to be shipped is not
    /// there or leads out of its folder, and when the supervisor would refuse the result.
    package static func package(_ input: PackageInput) throws(PackagerError) -> FunctionPackage {
        var builder = Builder(input: input)
        return try builder.package()
    }
}

private struct Builder {
    let input: PackageInput
    private var programs: [FunctionPackage.Callable] = []
    private var command: [String]?

    init(input: PackageInput) {
        self.input = input
        command = input.command
    }

    mutating func package() throws(PackagerError) -> FunctionPackage {
        if let image = input.image { try findPrograms(in: image) }
        let shims = programs.map { Shim(name: $0.name, program: $0.program) }
        let spec = try launchSpec()
        var entries = [
            ZipEntry(path: FunctionPackage.bootstrapPath, content: .file(input.bootstrap), permissions: 0o755),
            ZipEntry(path: FunctionPackage.launchSpecPath, content: .bytes(spec.encode())),
        ]
        entries += shims.map {
            ZipEntry(path: "\(FunctionPackage.shimFolder)/\($0.name)", content: .bytes($0.text), permissions: 0o755)
        }
        if let script = input.script {
            entries.append(
                ZipEntry(path: Self.packagePath(ofScript: script), content: .file(script.file), permissions: 0o755))
        }
        for source in input.files { entries += try ShippedFiles.entries(of: source) }
        if let artifact = input.artifact {
            // The artifact is compressed already.
            entries.append(
                ZipEntry(path: FunctionPackage.artifactPath, content: .file(artifact.file), isDeflated: false))
        }
        return FunctionPackage(launchSpec: spec, entries: entries, programs: programs)
    }

    // MARK: Programs

    private mutating func findPrograms(in image: RootView) throws(PackagerError) {
        let searchPath = folders("PATH") ?? Program.standardPath
        let libraryFolders = folders("LD_LIBRARY_PATH") ?? []
        func find(_ name: String) throws(PackagerError) -> Program? {
            try Program.find(name, searchPath: searchPath, libraryFolders: libraryFolders, in: image)
        }
        for name in input.launcher.programs {
            if let program = try find(name) { try add(program, as: name) }
        }
        guard input.launcher.programs.isEmpty || !programs.isEmpty else {
            throw PackagerError(
                .programMissing,
                "the image has none of the programs of the launcher ‘\(input.launcher.name)’: "
                    + input.launcher.programs.joined(separator: ", "),
                hint: "choose another ‘launcher’; ‘generic’ asks for none")
        }
        guard let word = command?.first else { return }
        guard let program = try find(word) else {
            throw PackagerError(
                .programMissing, "the command's program ‘\(word)’ is not in the image",
                hint: "it may have been pruned: name it in ‘prune.keep’")
        }
        let name = String(word.split(separator: "/").last ?? "")
        if let known = programs.first(where: { $0.name == name }), known.program.path != program.path {
            // `/opt/bin/ffmpeg` beside the launcher's `/usr/bin/ffmpeg`: the command is the more definite of the two.
            programs.removeAll { $0.name == name }
        }
        if !programs.contains(where: { $0.name == name }) { try add(program, as: name) }
        command?[0] = name
    }

    private mutating func add(_ program: Program, as name: String) throws(PackagerError) {
        let missing = program.missing
        guard missing.isEmpty else {
            let list = missing.prefix(8).map(\.description).joined(separator: ", ")
            let more = missing.count > 8 ? " and \(missing.count - 8) more" : ""
            throw PackagerError(
                .libraryMissing, "/\(program.path) cannot start: the image lacks \(list)\(more)",
                hint: "they may have been pruned: name them in ‘prune.keep’")
        }
        programs.append(FunctionPackage.Callable(name: name, program: program))
    }

    /// The folders of a variable that holds a list of them; nil when it is not set.
    private func folders(_ variable: String) -> [String]? {
        input.environment.last { $0.name == variable }
            .map { $0.value.split(separator: ":").map(String.init).filter { $0.hasPrefix("/") } }
    }

    // MARK: Launch spec

    private func launchSpec() throws(PackagerError) -> LaunchSpec {
        let artifact = input.artifact.map {
            LaunchSpec.Artifact(
                path: Array(FunctionPackage.artifactPath.utf8), digest: Array("\($0.digest)".utf8), size: $0.size,
                unpackedSize: $0.unpackedSize)
        }
        let spec = LaunchSpec(
            name: Array(input.name.utf8), artifact: artifact, root: Array(input.root.utf8),
            script: input.script.map { Array(Self.packagePath(ofScript: $0).utf8) },
            command: command?.map { Array($0.utf8) }, environment: environment(),
            path: programs.isEmpty ? [] : [Array(FunctionPackage.shimFolder.utf8)],
            workingDirectory: workingDirectory(),
            timeoutThreshold: input.timeoutThreshold, inputs: input.inputs, outputs: input.outputs)
        do throws(LaunchSpecError) {
            _ = try LaunchSpec.decode(spec.encode())
        } catch {
            throw PackagerError(
                .launchSpec, "the supervisor would refuse " + String(decoding: error.message, as: UTF8.self))
        }
        return spec
    }

    /// Each variable once, where it stood last.
    private func environment() -> [LaunchSpec.Variable] {
        var seen: Set<String> = []
        var variables: [LaunchSpec.Variable] = []
        for (name, value) in input.environment.reversed() where seen.insert(name).inserted {
            // The shims hand the image's library folders to its loader; for the host's programs they mean others.
            if name == "LD_LIBRARY_PATH", input.image != nil { continue }
            variables.append(LaunchSpec.Variable(name: Array(name.utf8), value: Array(value.utf8)))
        }
        return variables.reversed()
    }

    /// The image's folder relative to its root; nil for the root itself, which is what images say that say nothing.
    private func workingDirectory() -> [UInt8]? {
        var components: [Substring] = []
        for component in (input.workingDirectory ?? "").split(separator: "/") where component != "." {
            if component == ".." { _ = components.popLast() } else { components.append(component) }
        }
        return components.isEmpty ? nil : Array(components.joined(separator: "/").utf8)
    }

    private static func packagePath(ofScript script: PackageInput.Source) -> String {
        "\(FunctionPackage.scriptFolder)/\(script.path.split(separator: "/").last ?? "script")"
    }
}
