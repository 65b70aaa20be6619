import ByteKit
import ImageModel
import Registry
import Testing
import TestKit
import Transport

/// The distribution project's registry, as a peer that was not written by us.
@Suite struct RealRegistryTests: ~Copyable {
    let scene: StoreScene
    var store: BlobStore { scene.store }

    init() throws { scene = try StoreScene() }

    @Test(
        "An image pushed to a real registry is resolved through an index and pulled, byte for byte")
    func wholeImage() throws {
        let registry = try RegistryProcess()
        let image = TestImage(layers: [pattern(3_000_000), Array("small".utf8), []])
        try registry.push(image, repository: "scar/test", tag: "1.0")

        let mirror = try Mirror(parsing: "docker.io=\(registry.origin)")
        let client = RegistryClient(configuration: .quick(mirrors: [mirror]))
        let reference = try Reference(parsing: "scar/test:1.0")
        let resolved = try client.resolve(reference, platform: amd64, store: store)
        #expect(resolved.manifestDigest == Digest(of: image.manifest))
        for (layer, bytes) in zip(resolved.manifest.layers, image.layers) {
            #expect(try pull(layer, reference, client, store) == bytes)
        }

        let arm = try Platform(parsing: "linux/arm64")
        let store = store
        let wrong = #expect(throws: RegistryError.self) { try client.resolve(reference, platform: arm, store: store) }
        #expect(wrong?.diagnostic.code == "wrong-platform")
        // Without its mirror this name would be Docker Hub's, which a test must not ask.
        let local = try Reference(parsing: registry.origin.dropFirst(7) + "/scar/test:2.0")
        let error = #expect(throws: RegistryError.self) { try client.resolve(local, platform: amd64, store: store) }
        #expect(error?.code == .notFound)
    }

    @Test("A real registry's ranges are understood")
    func range() throws {
        let registry = try RegistryProcess()
        let image = TestImage(layers: [pattern(500_000)])
        try registry.push(image, repository: "scar/range", tag: "latest")
        let url = try URL(parsing: "\(registry.origin)/v2/scar/range/blobs/\(image.layer(0).digest)")
        // A server between us and the registry that loses the connection once, then lets everything through.
        let transport = CurlTransport()
        let layer = image.layers[0]
        let between = try LoopbackServer { request in
            guard request.headers["range"] != nil else {
                return .init(steps: [
                    .bytes(LoopbackServer.Reply.head(200, ["content-length": "500000"])),
                    .bytes(Array(layer.prefix(123_456))),
                    .pause(milliseconds: 30), .reset,
                ])
            }
            let asked = HTTPRequest(.get, url, headers: ["range": request.headers["range"] ?? ""])
            guard let (response, body) = try? transport.collect(asked, limit: 1 << 20) else { return .init(502) }
            return .init(response.status, ["content-range": response.headers["content-range"] ?? ""], body)
        }
        let client = RegistryClient(configuration: .quick())
        #expect(try pull(image.layer(0), between.reference("scar/range"), client, store) == layer)
        #expect(between.requests.map { $0.headers["range"] } == [nil, "bytes=123456-"])
    }
}
