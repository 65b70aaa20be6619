package import ByteKit
package import ImageModel
internal import JSON
package import Transport

/// Puts content into registries. OCI distribution specification, "Push".
///
/// It has the client's logins, connections and patience, and speaks to registries only, never to their mirrors.
package struct RegistryPusher<Transport: HTTPTransport>: Sendable {
    let client: RegistryClient<Transport>
    /// Blobs that are larger go in pieces of this size, so that an upload that breaks off goes on where it was.
    package var pieceSize = 16 << 20

    package init(_ client: RegistryClient<Transport>) {
        self.client = client
    }

    /// Where the bytes of a blob are.
    package enum Content: Sendable {
        case bytes([UInt8])
        /// A whole file, read while it is sent.
        case file(String)

        func body(from offset: Int, count: Int) -> HTTPBody {
            switch self {
            case .bytes(let bytes): .bytes(Array(bytes[offset..<(offset + count)]))
            case .file(let path): .file(path: path, offset: offset, count: count)
            }
        }
    }

    /// How a blob came to be in the repository.
    package enum Arrival: Sendable, Equatable {
        case wasThere
        /// The registry took it over from another of its repositories.
        case mounted
        case uploaded
    }

    /// Makes sure that a blob is in a repository.
    ///
    /// When this returns, the registry has checked the blob against its digest.
    /// - Parameters:
    ///   - blob: its digest and size; the type is the manifest's affair.
    ///   - content: its bytes.
    ///   - reference: the repository; tag and digest do not matter.
    ///   - source: a repository that may have the blob; of use when it is of the same registry.
    @discardableResult
    package func push(
        _ blob: Descriptor, _ content: Content, to reference: Reference, mountingFrom source: Reference? = nil
    ) throws(RegistryError) -> Arrival {
        try client.configuration.policy.check(reference)
        let source = source.flatMap {
            $0.registry == reference.registry && $0.repository != reference.repository ? $0.repository : nil
        }
        var upload = BlobUpload(
            blob: blob, content: content, reference: reference, source: source, pieceSize: pieceSize)
        return try client.ask(
            about: reference, mirrors: false, madeProgress: { upload.madeProgress() },
            { endpoint throws(RegistryError) in try upload.attempt(client, at: endpoint) })
    }

    /// Puts a manifest or index under the reference's tag, and under its digest; what it refers to must be there.
    ///
    /// One that is about another (OCI's `subject`) is found as its referrer afterwards, also where the registry has no
    /// API for that.
    @discardableResult
    package func push(
        manifest bytes: [UInt8], type: MediaType, to reference: Reference
    ) throws(RegistryError) -> Digest {
        try client.configuration.policy.check(reference)
        let digest = Digest(of: bytes)
        guard reference.digest == nil || reference.digest == digest else {
            throw RegistryError(.digestMismatch, "the manifest is \(digest)").about(reference.description)
        }
        let response = try put(bytes, type, as: reference.tag ?? digest.description, to: reference)
        if let claimed = response.headers["docker-content-digest"], claimed != digest.description {
            throw RegistryError(
                .digestMismatch, "the registry calls the manifest \(claimed.prefix(80)), and it is \(digest)"
            ).about(reference.description)
        }
        let json = try? JSON.parse(bytes, limits: JSONLimits(bytes: ImageDocument.maximumSize))
        if let json, let text = json["subject"]?["digest"]?.string, let subject = try? Digest(parsing: text),
            response.headers["oci-subject"] == nil
        {
            let entry = Descriptor(
                mediaType: type, digest: digest, size: bytes.count,
                artifactType: json["artifactType"]?.string ?? json["config"]?["mediaType"]?.string)
            try addToFallback(entry, json["annotations"], of: subject, in: reference)
        }
        return digest
    }

    func put(
        _ bytes: [UInt8], _ type: MediaType, as identifier: String, to reference: Reference
    ) throws(RegistryError) -> HTTPResponse {
        try client.ask(about: reference, mirrors: false) { endpoint throws(RegistryError) in
            let request = HTTPRequest(
                .put, endpoint.manifest(reference.repository, identifier),
                headers: ["content-type": type.description], body: .bytes(bytes),
                timeLimit: client.configuration.documentTimeLimit)
            return unsafe try client.exchange(
                request, at: endpoint, for: reference, access: .push(mountingFrom: nil)
            ) { _, _ in .more }
        }
    }
}
