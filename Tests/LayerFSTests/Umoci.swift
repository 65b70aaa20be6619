import ByteKit
import JSON
import TestKit

/// umoci, an unpacker of OCI images by other people, as a second opinion about what layers become.
enum Umoci {
    /// Unpacks uncompressed layers into a new folder.
    static func unpack(_ layers: [[UInt8]], into rootfs: String, workingIn folder: String) throws {
        let layout = "\(folder)/layout"
        try Folder.create("\(layout)/blobs/sha256")
        let config = JSON.object([
            ("architecture", .string("amd64")), ("os", .string("linux")), ("config", .object([])),
            (
                "rootfs",
                .object([
                    ("type", .string("layers")),
                    ("diff_ids", .array(layers.map { .string(Digest(of: $0).description) })),
                ])
            ),
        ]).text()
        let manifest = JSON.object([
            ("schemaVersion", .integer(2)), ("mediaType", .string("application/vnd.oci.image.manifest.v1+json")),
            ("config", try store(config, "application/vnd.oci.image.config.v1+json", in: layout)),
            ("layers", .array(try layers.map { try store($0, "application/vnd.oci.image.layer.v1.tar", in: layout) })),
        ]).text()
        var descriptor = try store(manifest, "application/vnd.oci.image.manifest.v1+json", in: layout)
        if case .object(let members) = descriptor.value {
            let tag = JSON.object([("org.opencontainers.image.ref.name", .string("test"))])
            descriptor = JSON(.object(members + [JSON.Member(name: Array("annotations".utf8), json: tag)]))
        }
        try OutputFile.write(
            JSON.object([("schemaVersion", .integer(2)), ("manifests", .array([descriptor]))]).text(),
            to: "\(layout)/index.json")
        try OutputFile.write(JSON.object([("imageLayoutVersion", .string("1.0.0"))]).text(), to: "\(layout)/oci-layout")
        let result = try Peer.run("umoci", ["raw", "unpack", "--image", "\(layout):test", rootfs])
        guard result.status == 0 else { throw PeerRefused(description: "umoci: \(result.errorText)") }
    }

    /// Puts a blob into the layout and gives its descriptor.
    private static func store(_ bytes: [UInt8], _ type: String, in layout: String) throws -> JSON {
        let digest = Digest(of: bytes)
        try OutputFile.write(bytes, to: "\(layout)/blobs/sha256/\(digest.hex)")
        return .object([
            ("mediaType", .string(type)), ("digest", .string(digest.description)), ("size", .integer(bytes.count)),
        ])
    }
}
