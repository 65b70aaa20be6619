package import ByteKit
package import ImageModel
package import JSON
package import LayerFS
package import Packager
package import Recipe

/// What a build made, and what it was made from.
package struct BuildResult: Sendable {
    package var recipe: Recipe
    package var image: ResolvedImage
    package var target: Recipe.Target
    package var form: Form
    package var report: LinkReport
    /// What the tree was written as.
    package var artifact: Output
    /// Nil when the artifact itself was asked for.
    package var package: Package?
    /// What the package's limits say.
    package var excesses: [LambdaLimits.Excess] = []

    /// How the tree was written.
    package enum Form: Sendable {
        case squashfs(BlockSettings)
        case tar(StreamCompression)
        /// An image layout; the digests of its layers before they were compressed.
        case layout(StreamCompression, diffIDs: [Digest])
        /// Files in a zip.
        case tree
        case folder
    }

    /// A file or folder that was written.
    package struct Output: Sendable {
        package var path: String
        /// Of the file's bytes; of an image layout's manifest; nil for a folder, whose bytes have no order.
        package var digest: Digest?
        /// Bytes of all files.
        package var size: Int
    }

    package struct Package: Sendable {
        /// The zip or the image.
        package var output: Output
        /// Bytes of all entries unpacked.
        package var unpackedSize: Int
        /// The layer's zip.
        package var layer: Output?
        package var layerUnpackedSize = 0
        /// The image layout of the runtime that the function runs in.
        package var runtime: Output?
        package var runtimeUnpackedSize = 0
        package var launcher: LauncherChoice
        package var form: PackageForm
        /// Why it is this form.
        package var reason: String
        /// The forms that did not fit, and why.
        package var tried: [(form: PackageForm, reason: String)]

        init(_ prepared: PreparedPackage, output: Output, unpackedSize: Int) {
            self.output = output
            self.unpackedSize = unpackedSize
            launcher = prepared.launcher
            form = prepared.form
            reason = prepared.reason
            tried = prepared.tried
        }

        /// All files that were written.
        package var outputs: [Output] { [output] + [layer, runtime].compactMap(\.self) }
    }

    /// The file people asked for.
    package var main: Output { package?.output ?? artifact }
}

extension BuildResult {
    /// `build.json`: no time, no host, no path of this machine in it, so that equal builds have equal records.
    package var record: JSON {
        var members: [(name: StaticString, json: JSON)] = [
            (
                "tool",
                .object([
                    ("name", .string(ToolVersion.name)), ("version", .string(ToolVersion.version)),
                    ("layoutVersion", .integer(ToolVersion.layout)),
                    ("libraries", .object(named: libraries.map { ($0.name, .string($0.version)) })),
                ])
            ),
            ("function", .string(recipe.name)), ("recipe", .string(recipe.checksum.description)),
            ("image", imageRecord), ("target", .string(target.rawValue)),
            ("prune", .string(recipe.prune.profile.rawValue)), ("artifact", artifactRecord),
        ]
        if let package { members.append(("package", record(of: package))) }
        members.append(("limits", .array(excesses.map { .string($0.message) })))
        return .object(members)
    }

    /// The libraries whose versions decided the bytes of what was built.
    private var libraries: [CodecLibrary] {
        var libraries: [CodecLibrary?] = []
        switch form {
        case .squashfs(let settings): libraries = [CodecLibrary(settings.compression), package == nil ? nil : .deflate]
        case .tar(let compression): libraries = [CodecLibrary(compression)]
        case .layout(let compression, _):
            libraries = [CodecLibrary(compression), package?.runtime == nil ? nil : .deflate]
        case .tree: libraries = [.deflate]
        case .folder: break
        }
        return CodecLibrary.all.filter { libraries.contains($0) }
    }

    private func record(of package: Package) -> JSON {
        var members = Self.members(of: package.output, unpackedSize: package.unpackedSize)
        members += [("form", .string(package.form.rawValue)), ("reason", .string(package.reason))]
        let tried = package.tried.map {
            JSON.object([("form", .string($0.form.rawValue)), ("reason", .string($0.reason))])
        }
        members.append(("tried", .array(tried)))
        if let layer = package.layer {
            members.append(("layer", .object(Self.members(of: layer, unpackedSize: package.layerUnpackedSize))))
        }
        if let runtime = package.runtime {
            members.append(("runtime", .object(Self.members(of: runtime, unpackedSize: package.runtimeUnpackedSize))))
        }
        let launcher = package.launcher
        members.append(
            (
                "launcher",
                .object([("name", .string(launcher.launcher.name)), ("reason", .string(launcher.reason))])
            ))
        return .object(members)
    }

    private static func members(of output: Output, unpackedSize: Int) -> [(name: StaticString, json: JSON)] {
        [
            ("file", .string(name(of: output.path))), ("digest", .string(output.digest?.description ?? "")),
            ("size", .integer(output.size)), ("unpackedSize", .integer(unpackedSize)),
        ]
    }

    private var imageRecord: JSON {
        .object([
            ("reference", .string(image.reference.description)), ("platform", .string("\(image.platform)")),
            ("manifest", .string(image.manifestDigest.description)),
            ("config", .string(image.manifest.config.digest.description)),
            (
                "layers",
                .array(
                    image.manifest.layers.map {
                        .object([("digest", .string($0.digest.description)), ("size", .integer($0.size))])
                    })
            ),
        ])
    }

    private var artifactRecord: JSON {
        var members: [(name: StaticString, json: JSON)] = []
        if package == nil { members.append(("file", .string(Self.name(of: artifact.path)))) }
        switch form {
        case .squashfs(let settings):
            members += [
                ("format", .string("squashfs")), ("compression", .string(settings.compression.rawValue)),
                ("level", .integer(settings.level)), ("block", .integer(settings.blockSize)),
            ]
        case .tar(let compression): members += [("format", .string("tar"))] + Self.record(of: compression)
        case .layout(let compression, let diffIDs):
            members += [("format", .string("oci"))] + Self.record(of: compression)
            if let first = diffIDs.first { members.append(("diffId", .string(first.description))) }
        case .tree: members.append(("format", .string("tree")))
        case .folder: members.append(("format", .string("dir")))
        }
        if let digest = artifact.digest { members.append(("digest", .string(digest.description))) }
        members += [("size", .integer(artifact.size)), ("unpackedSize", .integer(report.unpackedSize))]
        return .object(members)
    }

    private static func record(of compression: StreamCompression) -> [(name: StaticString, json: JSON)] {
        switch compression {
        case .none: [("compression", .string("none")), ("level", .integer(0))]
        case .gzip(let level): [("compression", .string("gzip")), ("level", .integer(level))]
        case .zstd(let level): [("compression", .string("zstd")), ("level", .integer(level))]
        }
    }

    private static func name(of path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }
}
