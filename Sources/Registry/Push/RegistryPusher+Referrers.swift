package import ByteKit
package import ImageModel
internal import JSON
internal import Transport

/// What refers to a manifest: signatures, bills of materials. OCI distribution specification, "Listing Referrers" and
/// "Referrers Tag Schema".
extension RegistryPusher {
    /// The manifests whose subject is `digest`.
    ///
    /// - Parameter type: only those of this type; nil for all.
    package func referrers(
        of digest: Digest, in reference: Reference, type: String? = nil
    ) throws(RegistryError) -> [Descriptor] {
        try client.configuration.policy.check(reference)
        let all: [Descriptor]
        do throws(RegistryError) {
            all = try client.ask(about: reference, mirrors: false) { endpoint throws(RegistryError) in
                try pages(from: endpoint.referrers(reference.repository, digest), at: endpoint, reference)
            }
        } catch {
            // A registry without the API does not know the address.
            guard error.status == 404 else { throw error }
            let members = try fallback(of: digest, in: reference)
            all = try members.map { json throws(RegistryError) in try Self.entry(json) }
        }
        return type.map { type in all.filter { $0.artifactType == type } } ?? all
    }

    /// Reads a list page by page. A page may name the next one, at the same server and nowhere else.
    private func pages(
        from url: URL, at endpoint: Endpoint, _ reference: Reference
    ) throws(RegistryError) -> [Descriptor] {
        var entries: [Descriptor] = []
        var next: URL? = url
        for _ in 0..<RegistryLimits.pages {
            guard let url = next else { return entries }
            let (response, bytes) = try document(at: url, endpoint, reference)
            entries += try Self.members(bytes).map { json throws(RegistryError) in try Self.entry(json) }
            next = try Self.next(response)
        }
        throw RegistryError(.badAnswer, "\(url) has more than \(RegistryLimits.pages) pages")
    }

    /// The address of a list's next page. RFC 8288.
    private static func next(_ response: HTTPResponse) throws(RegistryError) -> URL? {
        for link in response.headers.all("link") where link.contains("rel=\"next\"") || link.contains("rel=next") {
            guard let start = link.firstIndex(of: "<"), let end = link[start...].firstIndex(of: ">") else { continue }
            do throws(TransportError) {
                let url = try response.url.resolving(String(link[link.index(after: start)..<end]))
                guard url.origin == response.url.origin else {
                    throw TransportError(
                        .refusedAddress, url: url.description, detail: "\(response.url.origin) has its next page there")
                }
                return url
            } catch {
                throw RegistryError(.insecure, error)
            }
        }
        return nil
    }

    private func document(
        at url: URL, _ endpoint: Endpoint, _ reference: Reference
    ) throws(RegistryError) -> (HTTPResponse, [UInt8]) {
        var bytes: [UInt8] = []
        let request = HTTPRequest(
            .get, url, headers: ["accept": MediaType.ociIndex.description], bodyLimit: ImageDocument.maximumSize,
            timeLimit: client.configuration.documentTimeLimit)
        let response = unsafe try client.exchange(request, at: endpoint, for: reference) { _, piece in
            unsafe bytes.append(contentsOf: piece)
            return .more
        }
        return (response, bytes)
    }

    /// Adds an entry to the index that stands in for the API, under a tag made of the subject's digest.
    func addToFallback(
        _ entry: Descriptor, _ annotations: JSON?, of subject: Digest, in reference: Reference
    ) throws(RegistryError) {
        var members = try fallback(of: subject, in: reference)
        guard !members.contains(where: { $0["digest"]?.string == entry.digest.description }) else { return }
        var fields = entry.members
        if let type = entry.artifactType { fields.append(("artifactType", .string(type))) }
        if let annotations { fields.append(("annotations", annotations)) }
        members.append(.object(fields))
        let index = JSON.object([
            ("schemaVersion", .integer(2)), ("mediaType", .string(MediaType.ociIndex.description)),
            ("manifests", .array(members)),
        ])
        _ = try put(index.text(), .ociIndex, as: Self.fallbackTag(subject), to: reference)
    }

    /// The entries of that index; none when there is no index.
    private func fallback(of digest: Digest, in reference: Reference) throws(RegistryError) -> [JSON] {
        do throws(RegistryError) {
            return try client.ask(about: reference, mirrors: false) { endpoint throws(RegistryError) in
                let url = endpoint.manifest(reference.repository, Self.fallbackTag(digest))
                return try Self.members(try document(at: url, endpoint, reference).1)
            }
        } catch {
            guard error.status == 404 else { throw error }
            return []
        }
    }

    private static func members(_ bytes: [UInt8]) throws(RegistryError) -> [JSON] {
        guard let json = try? JSON.parse(bytes, limits: JSONLimits(bytes: ImageDocument.maximumSize)),
            let members = json["manifests"]?.array
        else { throw RegistryError(.badAnswer, "the list of referrers is not an index") }
        return members
    }

    private static func entry(_ json: JSON) throws(RegistryError) -> Descriptor {
        do throws(DocumentError) {
            return try Descriptor(json, "a referrer")
        } catch {
            throw RegistryError(.badAnswer, error)
        }
    }

    private static func fallbackTag(_ digest: Digest) -> String { "sha256-\(digest.hex)" }
}
