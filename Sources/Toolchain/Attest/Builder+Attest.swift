internal import ByteKit
internal import Glibc
internal import ImageModel
internal import JSON
internal import LayerFS
internal import Packager
internal import Recipe
package import Report

/// What is written about a result, beside it.
extension Builder {
    /// Throws when something is to be said of a result that cannot be said of it.
    func checkAttestations(of recipe: Recipe) throws {
        let wanted = options.attestations
        guard wanted.hasProvenance || wanted.key != nil, try planner.target(of: recipe) == .dir else { return }
        throw ToolError(
            "no-digest", "‘\(recipe.name)’ becomes a folder, which has no digest that could be signed or referred to",
            hint: "build with --target tar", exitCode: .usage)
    }

    /// Writes what was asked for about a result that is there.
    ///
    /// - Parameter lock: the path of the lock that it was built by; nil when none was.
    func attest(
        _ outcome: BuildOutcome, of recipe: Recipe, _ image: ResolvedImage, in folder: String, lockedBy lock: String?
    ) throws {
        let wanted = options.attestations
        if !wanted.bills.isEmpty {
            // The function's zip has nothing of the image when a runtime has it.
            let runtime = try outcome.runtime
            let path = runtime.map { "\(folder)/\($0.name)" } ?? outcome.path
            let inspection = try inspect(try Self.subject(of: path), platform: image.platform)
            for format in wanted.bills {
                let bill = Bill(inspection, name: recipe.name, digest: try runtime?.digest ?? outcome.digest)
                let text = try bill.json(format, options: billOptions).text(pretty: true)
                try write(text, to: "\(folder)/\(recipe.name).\(format.ending)", tells: true)
            }
        }
        if wanted.hasProvenance {
            let provenance = try provenance(of: outcome, recipe, image, lock)
            try write(
                provenance.json.text(pretty: true), to: "\(folder)/\(recipe.name).provenance.json", tells: true)
        }
        if let key = wanted.key {
            for output in try outcome.outputs {
                let path = try Signature.sign("\(folder)/\(output.name)", with: key)
                progress(.wrote(path, bytes: try InputFile(path).size))
            }
        }
    }

    /// What a bill of materials says of its own making.
    package var billOptions: Bill.Options {
        Bill.Options(
            tool: ToolVersion.name, version: ToolVersion.version, created: UTCTime.text(Int(options.time)))
    }

    private func write(_ bytes: [UInt8], to path: String, tells: Bool) throws {
        try OutputFile.write(bytes, to: path)
        if tells { progress(.wrote(path, bytes: bytes.count)) }
    }

    private static func subject(of path: String) throws -> InspectionSubject {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { throw FileError("open", path) }
        if status.st_mode & S_IFMT == S_IFDIR, unsafe access("\(path)/oci-layout", F_OK) != 0 {
            throw ToolError(
                "no-bill", "\(path) is a folder, which is not looked into for packages",
                hint: "build with --target tar", exitCode: .usage)
        }
        return try InspectionSubject(path)
    }

    // MARK: - Provenance

    private func provenance(
        of outcome: BuildOutcome, _ recipe: Recipe, _ image: ResolvedImage, _ lock: String?
    ) throws -> Provenance {
        var inputs = [
            Provenance.Artifact(name: image.reference, digest: image.manifestDigest),
            Provenance.Artifact(name: "config", digest: image.manifest.config.digest),
        ]
        for (index, layer) in image.manifest.layers.enumerated() {
            inputs.append(Provenance.Artifact(name: "layer \(index + 1)", digest: layer.digest))
        }
        if let lock {
            inputs.append(Provenance.Artifact(name: Self.name(of: lock), digest: try Digest(ofFile: lock)))
        }
        inputs += try shippedInputs(of: recipe, image)
        return Provenance(
            subjects: try outcome.outputs, function: recipe.name, recipe: recipe.checksum,
            target: try planner.target(of: recipe).rawValue, platform: "\(image.platform)", time: options.time,
            latestTime: planner.latestTime(of: recipe),
            libraries: try planner.libraries(of: recipe).map { ($0.name, $0.version) }, inputs: inputs)
    }

    /// Files of this machine that decide what is built.
    private func shippedInputs(of recipe: Recipe, _ image: ResolvedImage) throws -> [Provenance.Artifact] {
        var inputs: [Provenance.Artifact] = []
        if let order = recipe.artifact.order {
            inputs.append(Provenance.Artifact(name: order.written, digest: try Digest(ofFile: order.resolved)))
        }
        guard try !planner.forms(of: recipe).isEmpty else { return inputs }
        let own = try SupervisorBinary.path(for: image.platform)
        inputs.append(Provenance.Artifact(name: FunctionPackage.bootstrapPath, digest: try Digest(ofFile: own)))
        if let library = try? PathLibraryFile.path(for: image.platform) {
            inputs.append(
                Provenance.Artifact(name: FunctionPackage.pathLibraryPath, digest: try Digest(ofFile: library)))
        }
        if let script = recipe.script {
            let name = "\(FunctionPackage.scriptFolder)/\(Self.name(of: script.written))"
            inputs.append(Provenance.Artifact(name: name, digest: try Digest(ofFile: script.resolved)))
        }
        for path in recipe.files {
            for entry in try ShippedFiles.entries(of: PackageInput.Source(path: path.written, file: path.resolved)) {
                guard case .file(let file) = entry.content else { continue }
                inputs.append(Provenance.Artifact(name: entry.name, digest: try Digest(ofFile: file)))
            }
        }
        return inputs
    }

    private static func name(of path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }
}

extension BuildOutcome {
    /// The files and image that were built, as `build.json` has them; none for a folder.
    var outputs: [Provenance.Artifact] {
        get throws {
            let record = try JSON.parse(record)
            let package = record["package"]
            let parts = package == nil ? [record["artifact"]] : [package, package?["layer"], package?["runtime"]]
            return try parts.compactMap(\.self).compactMap(Self.output)
        }
    }

    /// The image of the runtime that the function runs in.
    var runtime: Provenance.Artifact? {
        get throws { try JSON.parse(record)["package"]?["runtime"].flatMap(Self.output) }
    }

    private static func output(_ part: JSON) throws -> Provenance.Artifact? {
        guard let name = part["file"]?.string, let digest = part["digest"]?.string else { return nil }
        return Provenance.Artifact(name: name, digest: try Digest(parsing: digest))
    }

    /// Of what people asked for; nil for a folder.
    var digest: Digest? { get throws { try outputs.first?.digest } }
}
