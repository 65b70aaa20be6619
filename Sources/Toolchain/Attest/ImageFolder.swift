internal import ByteKit
internal import ImageModel
internal import JSON

/// An image layout that somebody gave us. OCI image specification, "Image Layout".
struct ImageFolder {
    let path: String

    init(_ path: String) { self.path = path }

    /// The digests of all that the index refers to, each with its file looked at: manifests first, and of each its config and
    /// its layers from the base on.
    func digests() throws -> [Digest] {
        let index = try Self.document("\(path)/index.json")
        var digests: [Digest] = []
        for manifest in index["manifests"]?.array ?? [] {
            let digest = try Self.digest(manifest)
            digests.append(digest)
            let document = try Self.document(file(of: digest))
            let parts = [document["config"]].compactMap(\.self) + (document["layers"]?.array ?? [])
            for part in parts.prefix(1000) { digests.append(try Self.digest(part)) }
        }
        return digests
    }

    /// Throws unless every file is what its name says, and all that is referred to is there.
    func check() throws {
        for digest in try digests() {
            guard try Digest(ofFile: file(of: digest)) == digest else {
                throw ToolError(
                    "damaged-layout", "\(file(of: digest)) is not what its name says",
                    hint: "the image was changed, or not copied whole", exitCode: .differed)
            }
        }
    }

    func file(of digest: Digest) -> String { "\(path)/blobs/sha256/\(digest.hex)" }

    private static func document(_ path: String) throws -> JSON {
        let bytes = try InputFile.contents(of: path, limit: ImageDocument.maximumSize)
        guard let json = try? JSON.parse(bytes, limits: JSONLimits(bytes: ImageDocument.maximumSize))
        else { throw ToolError("damaged-layout", "\(path) is not JSON", exitCode: .differed) }
        return json
    }

    private static func digest(_ descriptor: JSON) throws -> Digest {
        try Digest(parsing: descriptor["digest"]?.string ?? "")
    }
}
