internal import ByteKit
internal import Glibc
internal import ImageModel
internal import Registry

/// A document about an image, by the ending of its file's name.
private struct AttachedDocument {
    var ending: String
    var type: MediaType

    static let all = [
        AttachedDocument(ending: "spdx.json", type: MediaType("application/spdx+json")),
        AttachedDocument(ending: "cdx.json", type: MediaType("application/vnd.cyclonedx+json")),
        AttachedDocument(ending: "provenance.json", type: MediaType("application/vnd.in-toto+json")),
    ]
    static let limit = 256 << 20
}

extension Builder {
    /// Puts an image that was built into a registry, and attaches what was written about it beside it: bills of materials
    /// and provenance become the image's referrers.
    ///
    /// - Parameters:
    ///   - folder: the image layout that a build wrote.
    ///   - name: where it goes: `registry.example/thumbnails:1`.
    /// - Returns: the image's name with its digest.
    package func push(_ folder: String, to name: String) throws -> String {
        let given = try GivenPackage(folder)
        guard case .layout = given.kind else {
            throw ToolError(
                "no-image", "\(folder) is no image", hint: "build with --target image or oci", exitCode: .usage)
        }
        let reference = try Reference(parsing: name)
        let image = ImageFolder(given.path)
        try image.check()
        let pusher = RegistryPusher(client)
        let digest = try pusher.push(layout: given.path, to: reference)
        let subject = Descriptor(
            mediaType: .ociManifest, digest: digest, size: try InputFile(image.file(of: digest)).size)
        for document in AttachedDocument.all {
            let path = "\(given.folder)/\(given.function).\(document.ending)"
            guard unsafe access(path, F_OK) == 0 else { continue }
            let bytes = try InputFile.contents(of: path, limit: AttachedDocument.limit)
            guard isAbout(bytes, digest) else {
                progress(
                    .warning(
                        "\(path) is not about this image, and is not attached: build again to have it written anew"))
                continue
            }
            try pusher.attach(bytes, type: document.type, to: subject, in: reference)
            progress(.wrote("\(document.type) of \(name)", bytes: bytes.count))
        }
        return "\(reference.inRepository(digest))"
    }

    /// Whether a document has the image's digest in it, as all that a build writes about an image have.
    private func isAbout(_ document: [UInt8], _ digest: Digest) -> Bool {
        String(decoding: document, as: UTF8.self).contains(digest.hex)
    }
}
