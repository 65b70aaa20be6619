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
    /// The zip; nil when the artifact itself was asked for.
    package var package: Package?
    /// What the package's limits say.
    package var excesses: [LambdaLimits.Excess] = []

    /// How the tree was written.
    package enum Form: Sendable {
        case squashfs(BlockSettings)
        case tar(StreamCompression)
        /// An image layout; the digest of its layer before it was compressed.
        case layout(StreamCompression, diffID: Digest)
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
        package var output: Output
        /// Bytes of all entries unpacked.
        package var unpackedSize: Int
        package var launcher: LauncherChoice
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
                ])
            ),
            ("function", .string(recipe.name)), ("recipe", .string(recipe.checksum.description)),
            ("image", imageRecord), ("target", .string(target.rawValue)), ("artifact", artifactRecord),
        ]
        if let package {
            members.append(
                (
                    "package",
                    .object([
                        ("file", .string(Self.name(of: package.output.path))),
                        ("digest", .string(package.output.digest?.description ?? "")),
                        ("size", .integer(package.output.size)),
                        ("unpackedSize", .integer(package.unpackedSize)),
                        (
                            "launcher",
                            .object([
                                ("name", .string(package.launcher.launcher.name)),
                                ("reason", .string(package.launcher.reason)),
                            ])
                        ),
                    ])
                ))
        }
        members.append(("limits", .array(excesses.map { .string($0.message) })))
        return .object(members)
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
        case .layout(let compression, let diffID):
            members += [("format", .string("oci"))] + Self.record(of: compression)
            members.append(("diffId", .string(diffID.description)))
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
