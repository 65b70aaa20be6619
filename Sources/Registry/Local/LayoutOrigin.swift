package import ByteKit
package import ImageModel
internal import JSON

/// An image of an OCI image layout: a folder, or an archive of one. OCI image specification, "Image Layout".
package struct LayoutOrigin: ImageOrigin {
    private let name: String
    let files: LocalFiles
    private let tag: String?

    /// - Parameters:
    ///   - folder: where the layout is.
    ///   - tag: which of its images; nil for the only one.
    ///   - name: what the image is called in records and messages.
    package init(folder: String, tag: String?, name: String) {
        self.init(.folder(folder), tag: tag, name: name)
    }

    init(_ files: LocalFiles, tag: String?, name: String) {
        self.files = files
        self.tag = tag
        self.name = name
    }

    package func resolve(_ platform: Platform, pinned: Digest?) throws(RegistryError) -> ResolvedImage {
        do throws(RegistryError) {
            return try image(platform, pinned: pinned)
        } catch {
            throw error.about(name)
        }
    }

    package func isAtHand(_ layer: Descriptor) -> Bool { true }

    package func pull(_ layer: Descriptor, onBytes: (UnsafeRawBufferPointer) throws -> Void) throws {
        unsafe try files.required(Self.path(of: layer.digest)).pull(layer, onBytes: onBytes)
    }

    private func image(_ platform: Platform, pinned: Digest?) throws(RegistryError) -> ResolvedImage {
        let top = try index()
        var found: (document: ImageDocument, digest: Digest)
        if let pinned {
            guard try files.file(Self.path(of: pinned)) != nil else {
                throw RegistryError.changed("\(files.name) has no image \(pinned) any more, which the lock names")
            }
            found = (try document(pinned, size: nil, type: nil), pinned)
        } else {
            let entry = try entry(of: top, platform)
            found = (try document(entry.digest, size: entry.size, type: entry.mediaType), entry.digest)
        }
        for _ in 0..<RegistryLimits.indexDepth {
            guard case .index(let index) = found.document else { break }
            let entry = try refusing { () throws(DocumentError) in try index.entry(for: platform) }
            found = (try document(entry.digest, size: entry.size, type: entry.mediaType), entry.digest)
        }
        guard case .manifest(let manifest) = found.document else {
            throw RegistryError(.document, "indexes refer to indexes more than \(RegistryLimits.indexDepth) deep")
        }
        let config = try bytes(manifest.config.digest, size: manifest.config.size, limit: ImageConfig.maximumSize)
        let (name, digest) = (name, found.digest)
        return try refusing { () throws(DocumentError) in
            try ResolvedImage(
                reference: name, platform: platform, manifestDigest: digest, manifest: manifest,
                config: try ImageConfig(decoding: config))
        }
    }

    /// `index.json`, the layout's table of images.
    private func index() throws(RegistryError) -> ImageIndex {
        guard let version = try files.file("oci-layout") else {
            throw RegistryError(
                .source, "\(files.name) is not an image layout: it has no file ‘oci-layout’",
                hint: "write ‘oci:’ and the folder that has oci-layout, index.json and blobs")
        }
        let limits = JSONLimits(bytes: 4096, depth: 8, values: 100)
        guard let json = try? JSON.parse(try version.contents(limit: 4096), limits: limits),
            json["imageLayoutVersion"]?.string?.hasPrefix("1.") == true
        else { throw RegistryError(.source, "\(version.name) does not say that it is version 1 of the image layout") }
        let bytes = try files.required("index.json").contents(limit: ImageDocument.maximumSize)
        let document = try refusing { () throws(DocumentError) in
            try ImageDocument.decode(bytes, contentType: .ociIndex)
        }
        guard case .index(let index) = document else {
            throw RegistryError(.document, "index.json of \(files.name) is not an index")
        }
        return index
    }

    /// The one entry that the tag names, or that there is.
    func named() throws(RegistryError) -> Descriptor {
        let images = try index().manifests.filter { $0.platform?.isUnknown != true }
        let named = images.filter { entry in tag.map { Self.tags(of: entry).contains($0) } ?? true }
        guard named.count == 1 else {
            throw RegistryError(
                .notFound, "\(files.name) has \(named.count) images that could be meant", hint: Self.offer(images))
        }
        return named[0]
    }

    /// The entry that the tag names; without a tag the only one, or the one for the platform.
    private func entry(of index: ImageIndex, _ platform: Platform) throws(RegistryError) -> Descriptor {
        let images = index.manifests.filter { !$0.isAttestation }
        if let tag {
            let named = images.filter { Self.tags(of: $0).contains(tag) }
            if named.count == 1 { return named[0] }
            guard !named.isEmpty else {
                throw RegistryError(
                    .notFound, "\(files.name) has no image with the tag ‘\(tag)’", hint: Self.offer(images))
            }
            return try refusing { () throws(DocumentError) in
                try ImageIndex(manifests: named).entry(for: platform)
            }
        }
        guard images.count != 1 else { return images[0] }
        guard Set(images.flatMap(Self.tags)).count <= 1, !images.isEmpty else {
            throw RegistryError(
                .notFound, "\(files.name) has \(images.count) images, and none was named", hint: Self.offer(images))
        }
        return try refusing { () throws(DocumentError) in try index.entry(for: platform) }
    }

    /// What an entry is called: OCI's name for it, and containerd's.
    private static func tags(of entry: Descriptor) -> [String] {
        let short = entry.annotations["org.opencontainers.image.ref.name"]
        let long = entry.annotations["io.containerd.image.name"]
        return [short, long, long.flatMap { try? Reference(parsing: $0) }?.tag].compactMap(\.self)
    }

    private static func offer(_ images: [Descriptor]) -> String {
        let tags = Set(images.flatMap(tags)).sorted().prefix(16)
        return tags.isEmpty
            ? "its images have no names: ‘org.opencontainers.image.ref.name’ is what a tag is kept under"
            : "it has: \(tags.joined(separator: ", "))"
    }

    private func document(_ digest: Digest, size: Int?, type: MediaType?) throws(RegistryError) -> ImageDocument {
        let bytes = try bytes(digest, size: size, limit: ImageDocument.maximumSize)
        return try refusing { () throws(DocumentError) in try ImageDocument.decode(bytes, contentType: type) }
    }

    func bytes(_ digest: Digest, size: Int?, limit: Int) throws(RegistryError) -> [UInt8] {
        let file = try files.required(Self.path(of: digest))
        if let size, file.size != size {
            throw RegistryError(.sizeMismatch, "\(file.name) has \(file.size) bytes, and should have \(size)")
        }
        let bytes = try file.contents(limit: limit)
        let found = Digest(of: bytes)
        guard found == digest else {
            throw RegistryError(.digestMismatch, "\(file.name) is \(found), and should be \(digest)")
        }
        return bytes
    }

    private func refusing<Value>(_ body: () throws(DocumentError) -> Value) throws(RegistryError) -> Value {
        do throws(DocumentError) {
            return try body()
        } catch {
            throw RegistryError(.document, error)
        }
    }

    static func path(of digest: Digest) -> String { "blobs/sha256/\(digest.hex)" }
}
