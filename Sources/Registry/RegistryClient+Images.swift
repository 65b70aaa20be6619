package import ByteKit
package import ImageModel
internal import Transport

extension RegistryClient {
    /// Finds the image that a reference names for a platform, and everything about it but its layers' bytes.
    ///
    /// Every document is checked against its digest and kept in the store, so that the same image can be resolved again
    /// by digest without a network. A tag is always asked for anew.
    /// - Parameters:
    ///   - reference: what to look for.
    ///   - platform: which of several images of one name.
    ///   - store: where documents are kept.
    ///   - pinned: the only manifest or index that will do, whatever the tag says by now.
    package func resolve(
        _ reference: Reference, platform: Platform, store: BlobStore, pinned: Digest? = nil
    ) throws(RegistryError) -> ResolvedImage {
        try configuration.policy.check(reference)
        let wanted = pinned ?? reference.digest
        var found =
            if let wanted {
                try document(wanted, size: nil, type: nil, of: reference, store: store)
            } else {
                try document(tagged: reference, store: store)
            }
        for _ in 0..<RegistryLimits.indexDepth {
            switch try decode(found, of: reference) {
            case .manifest(let manifest):
                return try image(reference, platform, found.digest, manifest, store: store)
            case .index(let index):
                let entry = try refusing(reference) { () throws(DocumentError) in try index.entry(for: platform) }
                found = try document(entry.digest, size: entry.size, type: entry.mediaType, of: reference, store: store)
            }
        }
        throw RegistryError(.document, "indexes refer to indexes more than \(RegistryLimits.indexDepth) deep")
            .about(reference.description)
    }

    private func image(
        _ reference: Reference, _ platform: Platform, _ digest: Digest, _ manifest: Manifest, store: BlobStore
    ) throws(RegistryError) -> ResolvedImage {
        let bytes: [UInt8]
        do throws(RegistryError) {
            bytes = try whole(manifest.config, of: reference, store: store)
        } catch {
            // The stored copy was damaged, and is gone: there is nobody yet who has seen any of it.
            guard error.isDamagedCopy else { throw error }
            bytes = try whole(manifest.config, of: reference, store: store)
        }
        return try refusing(reference) { () throws(DocumentError) in
            try ResolvedImage(
                reference: reference.description, platform: platform, manifestDigest: digest, manifest: manifest,
                config: try ImageConfig(decoding: bytes))
        }
    }
}

extension RegistryClient {
    /// A small blob's bytes.
    private func whole(
        _ blob: Descriptor, of reference: Reference, store: BlobStore
    ) throws(RegistryError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(blob.size)
        unsafe try transfer(blob, from: reference, into: store) { piece in
            unsafe bytes.append(contentsOf: piece)
            return .more
        }
        return bytes
    }
}

/// A document as it was served.
private struct ServedDocument {
    let bytes: [UInt8]
    let digest: Digest
    let type: MediaType?
}

extension RegistryClient {
    /// The document of a digest, from the store when it is there.
    private func document(
        _ digest: Digest, size: Int?, type: MediaType?, of reference: Reference, store: BlobStore
    ) throws(RegistryError) -> ServedDocument {
        if let size, size > ImageDocument.maximumSize {
            throw RegistryError(.document, "the manifest \(digest) is \(size) bytes; at most 4 MiB are read").about(
                reference.description)
        }
        if store.contains(digest, size: size),
            let bytes = try? store.contents(of: digest, limit: ImageDocument.maximumSize)
        {
            return ServedDocument(bytes: bytes, digest: digest, type: type)
        }
        let served = try ask(about: reference) { endpoint throws(RegistryError) in
            let served = try fetch(digest.description, at: endpoint, of: reference)
            if let size, served.bytes.count != size {
                throw RegistryError(
                    .sizeMismatch, "the manifest \(digest) has \(served.bytes.count) bytes, its index says \(size)")
            }
            return try checked(served, is: digest)
        }
        try store.put(served.bytes)
        return served
    }

    /// The document that a tag names now.
    ///
    /// Asking for the digest alone first is cheap, does not count as a pull on Docker Hub, and often is enough.
    private func document(tagged reference: Reference, store: BlobStore) throws(RegistryError) -> ServedDocument {
        let digest = try ask(about: reference) { endpoint throws(RegistryError) in
            try currentDigest(at: endpoint, of: reference)
        }
        if let digest { return try document(digest, size: nil, type: nil, of: reference, store: store) }
        let served = try ask(about: reference) { endpoint throws(RegistryError) in
            try fetch(reference.identifier, at: endpoint, of: reference)
        }
        try store.put(served.bytes)
        return served
    }

    /// The digest that a server says a tag has; nil when it does not say.
    private func currentDigest(at endpoint: Endpoint, of reference: Reference) throws(RegistryError) -> Digest? {
        do throws(RegistryError) {
            let request = documentRequest(.head, endpoint.manifest(reference.repository, reference.identifier))
            let response = unsafe try exchange(request, at: endpoint, for: reference) { _, _ in .more }
            return response.headers["docker-content-digest"].flatMap { try? Digest(parsing: $0) }
        } catch {
            if error.status == 405 || error.status == 501 { return nil }
            throw error
        }
    }

    private func fetch(
        _ identifier: String, at endpoint: Endpoint, of reference: Reference
    ) throws(RegistryError) -> ServedDocument {
        var request = documentRequest(.get, endpoint.manifest(reference.repository, identifier))
        request.bodyLimit = ImageDocument.maximumSize
        var bytes: [UInt8] = []
        let response = unsafe try exchange(request, at: endpoint, for: reference) { _, piece in
            unsafe bytes.append(contentsOf: piece)
            return .more
        }
        let digest = Digest(of: bytes)
        let served = ServedDocument(
            bytes: bytes, digest: digest, type: response.headers["content-type"].map { MediaType($0) })
        guard let claimed = response.headers["docker-content-digest"].flatMap({ try? Digest(parsing: $0) })
        else { return served }
        return try checked(served, is: claimed)
    }

    private func documentRequest(_ method: HTTPMethod, _ url: URL) -> HTTPRequest {
        let accept = MediaType.acceptedDocuments.map(\.description).joined(separator: ", ")
        return HTTPRequest(method, url, headers: ["accept": accept], timeLimit: configuration.documentTimeLimit)
    }

    private func checked(_ served: ServedDocument, is digest: Digest) throws(RegistryError) -> ServedDocument {
        guard served.digest == digest else {
            throw RegistryError(
                .digestMismatch, "the manifest served as \(digest) is \(served.digest)",
                hint: "the registry or something on the way to it has damaged or replaced the content")
        }
        return served
    }

    private func decode(
        _ served: ServedDocument, of reference: Reference
    ) throws(RegistryError) -> ImageDocument {
        try refusing(reference) { () throws(DocumentError) in
            try ImageDocument.decode(served.bytes, contentType: served.type)
        }
    }

    /// Says of which image a document was refused.
    private func refusing<Value>(
        _ reference: Reference, _ body: () throws(DocumentError) -> Value
    ) throws(RegistryError) -> Value {
        do throws(DocumentError) {
            return try body()
        } catch {
            throw RegistryError(.document, error).about(reference.description)
        }
    }
}
