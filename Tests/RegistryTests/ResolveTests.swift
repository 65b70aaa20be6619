import ByteKit
import ImageModel
import JSON
import Registry
import Testing
import TestKit
import Transport

@Suite struct ResolveTests: ~Copyable {
    typealias Reply = LoopbackServer.Reply
    let scene: StoreScene
    var store: BlobStore { scene.store }
    let image = TestImage()

    init() throws { scene = try StoreScene() }

    /// The code with which resolving from a misbehaving server fails.
    private func failure(
        _ reference: String = "a/b:latest", _ behaviour: @escaping @Sendable (LoopbackServer.Request) -> Reply
    ) throws -> RegistryError? {
        let server = try LoopbackServer(behaviour)
        let reference = try server.reference(reference)
        let client = RegistryClient(configuration: .quick())
        let store = store
        return #expect(throws: RegistryError.self) { try client.resolve(reference, platform: amd64, store: store) }
    }

    @Test("A tag leads through the index to the platform's image, and every document is kept")
    func usual() throws {
        let image = image
        let server = try LoopbackServer { image.reply(to: $0) }
        let client = RegistryClient(configuration: .quick())
        let resolved = try client.resolve(try server.reference(), platform: amd64, store: store)
        #expect(resolved.manifestDigest == Digest(of: image.manifest))
        #expect(resolved.manifest.layers.map(\.digest) == image.layers.map { Digest(of: $0) })
        #expect(resolved.config.command == ["sh"])
        for bytes in [image.index, image.manifest, image.config] {
            #expect(store.contains(Digest(of: bytes), size: bytes.count))
        }
        #expect(server.requests.allSatisfy { $0.headers["authorization"] == nil })
    }

    @Test("A second build asks for the tag's digest and nothing else")
    func again() throws {
        let image = image
        let server = try LoopbackServer { image.reply(to: $0) }
        let client = RegistryClient(configuration: .quick())
        let first = try client.resolve(try server.reference(), platform: amd64, store: store)
        let before = server.requests.count
        #expect(try client.resolve(try server.reference(), platform: amd64, store: store) == first)
        #expect(server.requests.dropFirst(before).map(\.method) == ["HEAD"])
    }

    @Test("What is pinned and stored needs no network at all, and the tag may have moved since")
    func offline() throws {
        let image = image
        let server = try LoopbackServer { image.reply(to: $0) }
        let reference = try server.reference()
        let first = try RegistryClient(configuration: .quick()).resolve(reference, platform: amd64, store: store)
        var configuration = RegistryConfiguration.quick()
        configuration.isOffline = true
        let client = RegistryClient(configuration: configuration)
        let before = server.requests.count
        #expect(try client.resolve(reference, platform: amd64, store: store, pinned: first.manifestDigest) == first)
        #expect(server.requests.count == before)
        let store = store
        let error = #expect(throws: RegistryError.self) { try client.resolve(reference, platform: amd64, store: store) }
        #expect(error?.code == .offline)
    }

    @Test("A pinned digest is all that counts: what the tag names by now is not even asked for")
    func pinned() throws {
        let image = image
        let server = try LoopbackServer { $0.path.hasSuffix("latest") ? Reply(500) : image.reply(to: $0) }
        let digest = Digest(of: image.manifest)
        let client = RegistryClient(configuration: .quick())
        #expect(
            try client.resolve(try server.reference(), platform: amd64, store: store, pinned: digest).manifestDigest
                == digest)
        #expect(server.count("latest") == 0)
    }

    @Test("A damaged document in the store is fetched again")
    func damagedStore() throws {
        let image = image
        let server = try LoopbackServer { image.reply(to: $0) }
        let digest = Digest(of: image.manifest)
        try OutputFile.write([UInt8](repeating: 0x20, count: image.manifest.count), to: store.path(of: digest))
        _ = try RegistryClient(configuration: .quick()).resolve(try server.reference(), platform: amd64, store: store)
        try store.verify(digest)
    }

    @Test("A server that does not answer HEAD or name digests is served too", arguments: [405, 501, 200])
    func plainServer(status: Int) throws {
        let image = image
        let server = try LoopbackServer { request in
            if request.method == "HEAD" { return Reply(status) }
            guard let (type, bytes) = image.content(at: request.path) else { return Reply(404) }
            return Reply(200, ["content-type": type.description + "; charset=utf-8"], bytes)
        }
        let resolved = try RegistryClient(configuration: .quick()).resolve(
            try server.reference(), platform: amd64, store: store)
        #expect(resolved.manifestDigest == Digest(of: image.manifest))
    }

    @Test("A tag that moves between two requests gives one image or the other, never a mixture")
    func movingTag() throws {
        let old = image
        let new = TestImage(layers: [Array("new".utf8)])
        let server = try LoopbackServer { request in
            if request.path.hasSuffix("latest") { return (request.method == "HEAD" ? old : new).reply(to: request) }
            return old.content(at: request.path) == nil ? new.reply(to: request) : old.reply(to: request)
        }
        let resolved = try RegistryClient(configuration: .quick()).resolve(
            try server.reference(), platform: amd64, store: store)
        #expect(resolved.manifestDigest == Digest(of: old.manifest))
    }

    @Test(
        "A manifest that is not what its digest says is refused, whoever is wrong", arguments: ["manifest", "header"])
    func wrongDigest(lie: String) throws {
        let image = image
        let error = try failure { request in
            guard let (type, bytes) = image.content(at: request.path) else { return Reply(404) }
            let claimed = lie == "header" && request.method == "GET" ? Array("other".utf8) : bytes
            let body = lie == "manifest" ? bytes + Array(" ".utf8) : bytes
            return Reply(
                200, ["content-type": type.description, "docker-content-digest": Digest(of: claimed).description], body)
        }
        #expect(error?.code == .digestMismatch)
        #expect(try Folder.names(in: store.root + "/blobs/sha256") == [])
    }

    @Test("A manifest of 100 MB is not read to its end")
    func hugeManifest() throws {
        let error = try failure { request in
            request.method == "HEAD"
                ? Reply(405)
                : Reply(steps: [.bytes(Reply.head(200, ["content-length": "104857600"])), .fill(count: 100 << 20)])
        }
        #expect(error?.code == .badAnswer)
        #expect(error?.detailCode == "response-too-large")
    }

    @Test("A document that is manifest and index at once is refused with the image's name")
    func ambiguous() throws {
        let digest = Digest(of: image.config)
        let config = #"{"mediaType":"\#(MediaType.ociConfig)","digest":"\#(digest)","size":1}"#
        let both = Array(#"{"schemaVersion":2,"manifests":[],"config":\#(config),"layers":[]}"#.utf8)
        let error = try failure {
            $0.method == "HEAD" ? Reply(405) : Reply(200, ["content-type": "application/json"], both)
        }
        #expect(error?.diagnostic.code == "ambiguous-document")
        #expect(error?.reference?.hasSuffix("/a/b:latest") == true)
    }

    @Test("A descriptor's own data is not believed, and its addresses are not followed")
    func dataAndAddresses() throws {
        let image = image
        let elsewhere = try LoopbackServer { _ in Reply(200, [:], Array("layer one".utf8)) }
        let other = String(decoding: Base64.encode(Array("{}".utf8)), as: UTF8.self)
        let urls = ["\(elsewhere.origin)/x", "http://169.254.169.254/", "file:///etc/passwd"].map { "\"\($0)\"" }
        let manifest = String(decoding: image.manifest, as: UTF8.self)
            .replacing("\"size\":", with: #""data":"\#(other)","urls":[\#(urls.joined(separator: ","))],"size":"#)
        let bytes = Array(manifest.utf8)
        let server = try LoopbackServer { request in
            guard request.path.contains("/manifests/") else {
                return request.path.contains(Digest(of: image.layers[0]).hex) ? Reply(404) : image.reply(to: request)
            }
            return Reply(200, ["content-type": MediaType.ociManifest.description], bytes)
        }
        let client = RegistryClient(configuration: .quick())
        let resolved = try client.resolve(try server.reference(), platform: amd64, store: store)
        #expect(resolved.config.bytes == image.config)
        let (store, reference) = (store, try server.reference())
        let error = #expect(throws: RegistryError.self) { try pull(image.layer(0), reference, client, store) }
        #expect(error?.code == .notFound)
        #expect(elsewhere.requests.isEmpty)
    }

    @Test("Indexes that refer to indexes without end are refused")
    func deepIndexes() throws {
        var documents: [String: [UInt8]] = [:]
        var index = image.index
        for _ in 0..<8 {
            documents[Digest(of: index).description] = index
            let entry = TestImage.descriptor(.ociIndex, of: index, architecture: "amd64").text()
            index = Array(#"{"schemaVersion":2,"manifests":[\#(String(decoding: entry, as: UTF8.self))]}"#.utf8)
        }
        documents["latest"] = index
        let served = documents
        let error = try failure { request in
            let name = request.path.split(separator: "/").last.map(String.init) ?? ""
            guard request.method == "GET", let bytes = served[name] else {
                return Reply(request.method == "GET" ? 404 : 405)
            }
            return Reply(200, ["content-type": MediaType.ociIndex.description], bytes)
        }
        #expect(error?.message.contains("deep") == true)
    }

    @Test("An image that is not there is named, with the registry's own words and what to do")
    func notFound() throws {
        let image = image
        let error = try failure("a/b:nope") { image.reply(to: $0) }
        #expect(error?.code == .notFound)
        #expect(error?.status == 404)
        #expect(error?.isTransient == false)
        #expect(error?.hint?.contains("docker login") == true)
        let named = try failure("a/b@sha256:" + String(repeating: "0", count: 64)) { image.reply(to: $0) }
        #expect(named?.message.contains("MANIFEST_UNKNOWN: manifest unknown") == true)
    }

    @Test(
        "A registry in trouble is asked again, and its wait is kept", arguments: ["2", "Sun, 06 Nov 1994 08:49:39 GMT"])
    func retryAfter(wait: String) throws {
        let image = image
        let time = ManualTime()
        let server = try LoopbackServer { request in
            request.method == "HEAD" && request.attempt < 1 && request.path.hasSuffix("latest")
                ? Reply(429, ["retry-after": wait]) : image.reply(to: request)
        }
        _ = try RegistryClient(configuration: .quick(time)).resolve(
            try server.reference(), platform: amd64, store: store)
        #expect(time.sleeps == [.seconds(2)])
    }

    @Test("A registry that asks for an hour's patience is not waited for")
    func longRetryAfter() throws {
        let error = try failure { _ in Reply(429, ["retry-after": "3600"]) }
        #expect(error?.code == .rateLimited)
        #expect(error?.retryAfter == .seconds(3600))
    }

    @Test("A flapping registry is survived; one that stays down is not asked for ever")
    func flapping() throws {
        let image = image
        let time = ManualTime()
        let server = try LoopbackServer { $0.attempt % 3 < 2 ? Reply(503) : image.reply(to: $0) }
        _ = try RegistryClient(configuration: .quick(time)).resolve(
            try server.reference(), platform: amd64, store: store)
        #expect(time.sleeps.count == 8)

        let down = try LoopbackServer { _ in Reply(503) }
        let reference = try down.reference()
        let store = store
        let error = #expect(throws: RegistryError.self) {
            try RegistryClient(configuration: .quick()).resolve(reference, platform: amd64, store: store)
        }
        #expect(error?.isTransient == true)
        #expect(down.requests.count == 5)
    }

    @Test("Nothing from the registry's error text controls a terminal")
    func hostileErrorText() throws {
        let body = Array(
            #"{"errors":[{"code":"DENIED","message":"\u001b[2Jhello\nworld \#(String(repeating: "x", count: 5000))"}]}"#
                .utf8)
        let error = try failure { $0.method == "HEAD" ? Reply(405) : Reply(403, [:], body) }
        #expect(error?.code == .denied)
        let text = try #require(error).diagnostic.description
        #expect(!text.contains("\u{1b}") && text.utf8.count < 1000)
    }
}
