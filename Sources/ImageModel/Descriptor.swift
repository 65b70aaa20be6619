package import ByteKit
package import JSON

/// What a document says about content it refers to. OCI image specification, "Content Descriptors".
///
/// `urls` and `data` are not taken over: content comes from the registry that names it, never from an address in a
/// document, and it is always checked against the digest.
package struct Descriptor: Hashable, Sendable {
    package let mediaType: MediaType
    package let digest: Digest
    /// The content's size in bytes, never negative.
    package let size: Int
    /// What it runs on; only index entries say so.
    package let platform: Platform?
    package let annotations: [String: String]
    /// What kind of thing an index entry is, when it is no image.
    package let artifactType: String?

    package init(
        mediaType: MediaType, digest: Digest, size: Int, platform: Platform? = nil, annotations: [String: String] = [:],
        artifactType: String? = nil
    ) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
        self.platform = platform
        self.annotations = annotations
        self.artifactType = artifactType
    }

    /// More than any registry stores in one blob; keeps sums of sizes far from overflowing.
    package static let maximumSize = 1 << 40

    /// Reads a descriptor; `subject` is what messages call it.
    package init(_ json: JSON, _ subject: String) throws(DocumentError) {
        let fields = try DocumentFields(json, subject)
        guard let mediaType = try fields.string("mediaType")
        else { throw DocumentError(.malformed, "\(subject) has no ‘mediaType’", at: json.position) }
        self.mediaType = MediaType(mediaType)

        let digestField = try fields.required("digest")
        guard let text = digestField.string else { throw fields.wrongType("digest", digestField, "a string") }
        do throws(DigestError) {
            digest = try Digest(parsing: text)
        } catch {
            throw DocumentError(.malformed, "\(subject): \(error.diagnostic.message)", at: digestField.position)
        }

        let sizeField = try fields.required("size")
        guard let size = sizeField.integer, (0...Self.maximumSize).contains(size) else {
            throw DocumentError(
                .malformed, "‘size’ of \(subject) is not a number of bytes from 0 to 1 TiB", at: sizeField.position)
        }
        self.size = size
        platform = try fields["platform"].map { json throws(DocumentError) in
            try Platform(json, "the platform of " + subject)
        }
        annotations = try Self.annotations(fields)
        artifactType = try fields.string("artifactType")
    }

    private static func annotations(_ fields: DocumentFields) throws(DocumentError) -> [String: String] {
        guard let json = fields["annotations"] else { return [:] }
        let members = try DocumentFields(json, "‘annotations’ of " + fields.subject).json.members ?? []
        var annotations: [String: String] = [:]
        for member in members {
            guard let value = member.json.string else {
                throw DocumentError(
                    .malformed, "an annotation of \(fields.subject) is \(member.json.kind), not a string",
                    at: member.json.position)
            }
            annotations[String(decoding: member.name, as: UTF8.self)] = value
        }
        return annotations
    }
}

extension Platform {
    init(_ json: JSON, _ subject: String) throws(DocumentError) {
        let fields = try DocumentFields(json, subject)
        self.init(
            os: try fields.string("os") ?? "", architecture: try fields.string("architecture") ?? "",
            variant: try fields.string("variant"))
    }
}
