internal import ByteKit
internal import ImageModel
internal import JSON

/// An image layout that somebody gave us. OCI image specification, "Image Layout".
struct ImageFolder {
    let path: String

    init(_ path: String) { self.path = path }

    /// How deep indexes may refer to indexes, the layout's own included.
    private static let mostIndexes = 4
    /// More files than any image has.
    private static let mostFiles = 10_000

    /// The digests of all that the index refers to: manifests first, and of each its config and its layers from the base on.
    func digests() throws -> [Digest] { try contents().map(\.digest) }

    /// Throws unless every file is what its name says and as long as is said of it, and all that is referred to is there.
    func check() throws {
        var checked: Set<Digest> = []
        for part in try contents() {
            try Cancellation.check()
            let name = file(of: part.digest)
            let file = try InputFile(name)
            guard file.size == part.size else {
                throw Self.damage("\(name) has \(file.size) bytes, and what refers to it says \(part.size)")
            }
            guard checked.insert(part.digest).inserted else { continue }
            guard try Digest(of: file) == part.digest else { throw Self.damage("\(name) is not what its name says") }
        }
    }

    func file(of digest: Digest) -> String { "\(path)/blobs/sha256/\(digest.hex)" }

    /// All that the index refers to, whatever lies between; a document that several refer to is looked into once.
    private func contents() throws -> [Descriptor] {
        var walk = Walk()
        try list("\(path)/index.json", isIndex: true, Self.mostIndexes, &walk)
        return walk.found
    }

    private struct Walk {
        var found: [Descriptor] = []
        var documents: Set<Digest> = []
    }

    /// Lists what a document refers to.
    ///
    /// - Parameters:
    ///   - isIndex: whether it must be an index.
    ///   - depth: how many indexes there may be on the way down from here.
    private func list(_ name: String, isIndex: Bool, _ depth: Int, _ walk: inout Walk) throws {
        let document = try Self.document(name)
        // What could be taken for both is neither: others might see the other one. CVE-2021-41190.
        switch (document["manifests"], document["config"], document["layers"]) {
        case (let manifests?, nil, nil):
            guard depth > 0 else {
                throw Self.damage("indexes refer to indexes more than \(Self.mostIndexes) deep, as far as \(name)")
            }
            for entry in try Self.descriptors(manifests.array, in: name) {
                try add([entry], &walk)
                guard walk.documents.insert(entry.digest).inserted else { continue }
                try list(file(of: entry.digest), isIndex: false, depth - 1, &walk)
            }
        case (nil, let config?, let layers?) where !isIndex:
            try add(try Self.descriptors([config], in: name) + Self.descriptors(layers.array, in: name), &walk)
        default: throw Self.damage("\(name) is not understood: it is no \(isIndex ? "" : "manifest and no ")index")
        }
    }

    private func add(_ parts: [Descriptor], _ walk: inout Walk) throws {
        guard walk.found.count + parts.count <= Self.mostFiles else {
            throw Self.damage("\(path) has more than \(Self.mostFiles) files that are referred to")
        }
        walk.found += parts
    }

    private static func document(_ path: String) throws -> JSON {
        let bytes = try InputFile.contents(of: path, limit: ImageDocument.maximumSize)
        guard let json = try? JSON.parse(bytes, limits: JSONLimits(bytes: ImageDocument.maximumSize))
        else { throw damage("\(path) is not JSON") }
        return json
    }

    private static func descriptors(_ list: [JSON]?, in name: String) throws -> [Descriptor] {
        guard let list else { throw damage("\(name) is not understood: a list in it is none") }
        do {
            return try list.map { try Descriptor($0, "what it refers to") }
        } catch let error as DocumentError {
            throw damage("\(name): \(error.diagnostic.message)")
        }
    }

    private static func damage(_ message: String) -> ToolError {
        ToolError(
            "damaged-layout", message,
            hint: "the image was changed, or not copied whole, or is none that is understood", exitCode: .differed)
    }
}
