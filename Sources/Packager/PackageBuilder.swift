internal import ByteKit
internal import Supervisor

/// Turns what a package is made of into the package.
///
/// It looks at the image's programs and lists folders to be shipped; nothing is written.
package enum PackageBuilder {
    /// Makes a package.
    ///
    /// It throws when a program that is to be run is missing, when a file to be shipped is not there or leads out of
    /// its folder, and when the supervisor would refuse the result.
    package static func package(_ input: PackageInput) throws(PackagerError) -> FunctionPackage {
        try Builder(input: input).package()
    }

    /// The programs of the image that run first, by their paths in it: those that are sure to be started, and the one that
    /// an image of this kind is for.
    package static func programs(of input: PackageInput) throws(PackagerError) -> [String] {
        let builder = Builder(input: input)
        let programs = try builder.plan().programs
        guard let own = input.facts.flatMap({ input.launcher.launcher.program(in: $0) }), !programs.contains(own)
        else { return programs }
        return programs + [own]
    }
}

private struct Builder {
    let input: PackageInput

    func plan() throws(PackagerError) -> StartPlan {
        try StartPlan(input, input.script.map { (source) throws(PackagerError) in try Script(source) })
    }

    func package() throws(PackagerError) -> FunctionPackage {
        let plan = try plan()
        let spec = try launchSpec(plan)
        var entries = [ZipEntry(path: FunctionPackage.launchSpecPath, content: .bytes(spec.encode()))]
        if !input.isSupervised {
            entries.insert(
                ZipEntry(path: FunctionPackage.bootstrapPath, content: .file(input.bootstrap), permissions: 0o755),
                at: 0)
        }
        if let relocation = input.relocation {
            entries.append(
                ZipEntry(
                    path: FunctionPackage.pathLibraryPath, content: .file(relocation.libraryFile), permissions: 0o755))
        }
        if let worker = plan.worker {
            entries.append(
                ZipEntry(path: Launcher.packagePath(of: worker.source), content: .bytes(Array(worker.source.text.utf8)))
            )
        }
        if let script = input.script {
            entries.append(
                ZipEntry(path: Self.packagePath(ofScript: script), content: .file(script.file), permissions: 0o755))
        }
        for source in input.files { entries += try ShippedFiles.entries(of: source) }
        try plan.checkShipped(entries)
        if let artifact = input.artifact {
            // The artifact is compressed already, and digests cannot be.
            entries.append(
                ZipEntry(path: FunctionPackage.blocksPath, content: .bytes(artifact.blocks), isDeflated: false))
            entries.append(
                ZipEntry(path: FunctionPackage.artifactPath, content: .file(artifact.file), isDeflated: false))
        }
        return FunctionPackage(launchSpec: spec, entries: entries, programs: plan.programs)
    }

    private func launchSpec(_ plan: StartPlan) throws(PackagerError) -> LaunchSpec {
        let artifact = input.artifact.map {
            LaunchSpec.Artifact(
                path: Array(FunctionPackage.artifactPath.utf8), digest: Array("\($0.digest)".utf8), size: $0.size,
                unpackedSize: $0.unpackedSize, blocks: Array(FunctionPackage.blocksPath.utf8),
                blocksDigest: Array("\(Digest(of: $0.blocks))".utf8))
        }
        let environment = LaunchEnvironment(input)
        let spec = LaunchSpec(
            name: Array(input.name.utf8), artifact: artifact, root: Array(input.root.utf8),
            relocation: input.relocation.map { relocation($0, keep: environment.kept) },
            script: input.script.map { Array(Self.packagePath(ofScript: $0).utf8) },
            command: input.command.map(Self.words), interpreter: plan.interpreter.map(Self.words),
            worker: plan.worker.map {
                LaunchSpec.Worker(
                    command: Self.words($0.command), program: Array(Launcher.packagePath(of: $0.source).utf8),
                    isSpare: $0.source.isSpare)
            }, environment: environment.variables, workingDirectory: workingDirectory(),
            timeoutThreshold: input.timeoutThreshold, inputs: input.inputs, outputs: input.outputs,
            storages: input.storages, handling: input.handling, batch: input.batch)
        do throws(LaunchSpecError) {
            _ = try LaunchSpec.decode(spec.encode())
        } catch {
            throw PackagerError(
                .launchSpec, "the supervisor would refuse " + String(decoding: error.message, as: UTF8.self))
        }
        return spec
    }

    private func relocation(
        _ relocation: PackageInput.Relocation, keep: [LaunchSpec.Variable]
    ) -> LaunchSpec.Relocation {
        LaunchSpec.Relocation(
            library: Array(FunctionPackage.pathLibraryPath.utf8), loader: Array(relocation.loader.utf8),
            loaderHasArgumentZero: relocation.loaderHasArgumentZero, folders: Self.words(relocation.folders),
            host: Self.words(input.hostFolders), asRoot: input.asRoot, keep: keep)
    }

    /// Nil for the root itself, which is what images say that say nothing.
    private func workingDirectory() -> [UInt8]? {
        var components: [Substring] = []
        for component in (input.workingDirectory ?? "").split(separator: "/") where component != "." {
            if component == ".." { _ = components.popLast() } else { components.append(component) }
        }
        return components.isEmpty ? nil : Array(("/" + components.joined(separator: "/")).utf8)
    }

    private static func words(_ words: [String]) -> [[UInt8]] { words.map { Array($0.utf8) } }

    private static func packagePath(ofScript script: PackageInput.Source) -> String {
        "\(FunctionPackage.scriptFolder)/\(script.path.split(separator: "/").last ?? "script")"
    }
}

extension PackageInput {
    /// What is known of the image; nil when it cannot be looked into.
    var facts: ImageFacts? {
        image.map {
            ImageFacts(
                root: $0, environment: environment, command: command ?? [], workingDirectory: workingDirectory)
        }
    }

    /// The machine's folders that programs see as they are: layers and file systems, too, unless the image has
    /// something there.
    var hostFolders: [String] {
        let places = ["opt", "mnt"].filter { facts?.hasFolder($0) != true }.map { "/\($0)" }
        return places + (relocation?.host ?? []).filter { !places.contains($0) }
    }
}
