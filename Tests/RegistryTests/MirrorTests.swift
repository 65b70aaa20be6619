import ByteKit
import ImageModel
import Registry
import Testing
import TestKit
import Transport

@Suite struct MirrorTests: ~Copyable {
    typealias Reply = LoopbackServer.Reply
    let scene: StoreScene
    var store: BlobStore { scene.store }
    let image = TestImage()

    init() throws { scene = try StoreScene() }

    @Test("Mirrors are read from one text")
    func parsing() throws {
        let mirrors = try Mirror.list(
            parsing: "docker.io=http://127.0.0.1:5000, index.docker.io=https://m.example/hub/ ghcr.io=https://[::1]/")
        #expect(mirrors.map(\.registry) == ["docker.io", "docker.io", "ghcr.io"])
        #expect(mirrors[1].endpoint.path == "/hub/")
    }

    @Test(
        "What is no mirror is refused, without showing passwords",
        arguments: [
            "docker.io", "=https://h/", "docker.io=", "docker.io=h:5000", "docker.io=ftp://h/", "a b=https://h/",
            "docker.io=https://u:secret@h/", "name=https://h/", "docker.io/a=https://h/", "q.io=https://h/?secret",
        ])
    func refused(text: String) {
        let error = #expect(throws: RegistryError.self) { try Mirror(parsing: text) }
        #expect(error?.code == .mirror)
        #expect(error?.diagnostic.description.contains("secret") == false)
    }

    @Test("A mirror of Docker Hub is asked for the full name, below its own path")
    func hub() throws {
        let image = image
        let server = try LoopbackServer { image.reply(to: $0) }
        let mirror = try Mirror(parsing: "docker.io=\(server.origin)/proxy/hub/")
        let client = RegistryClient(configuration: .quick(mirrors: [mirror]))
        let resolved = try client.resolve(try Reference(parsing: "ffmpeg"), platform: amd64, store: store)
        #expect(resolved.reference.description == "docker.io/library/ffmpeg:latest")
        #expect(server.requests.allSatisfy { $0.path.hasPrefix("/v2/proxy/hub/library/ffmpeg/") })
    }

    @Test("What a mirror does not have, or cannot give, the next one is asked for", arguments: [404, 401, 403, 500])
    func fallback(status: Int) throws {
        let image = image
        let first = try LoopbackServer { _ in Reply(status) }
        let second = try LoopbackServer { image.reply(to: $0) }
        let mirrors = [try Mirror(parsing: "q.io=\(first.origin)"), try Mirror(parsing: "q.io=\(second.origin)")]
        let client = RegistryClient(configuration: .quick(mirrors: mirrors))
        let reference = try Reference(parsing: "q.io/a/b")
        _ = try client.resolve(reference, platform: amd64, store: store)
        #expect(try pull(image.layer(0), reference, client, store) == image.layers[0])
        #expect(!first.requests.isEmpty)
    }

    @Test("A mirror that is gone is asked once, and last from then on")
    func gone() throws {
        let image = image
        let port = try LoopbackServer { _ in Reply(200) }.port
        let second = try LoopbackServer { image.reply(to: $0) }
        let time = ManualTime()
        let mirrors = [
            try Mirror(parsing: "q.io=http://127.0.0.1:\(port)"), try Mirror(parsing: "q.io=\(second.origin)"),
        ]
        let client = RegistryClient(configuration: .quick(time, mirrors: mirrors))
        _ = try client.resolve(try Reference(parsing: "q.io/a/b"), platform: amd64, store: store)
        #expect(time.sleeps.count == 4)
    }

    @Test("A mirror that breaks off in the middle is continued at the next")
    func continued() throws {
        let image = TestImage(layers: [pattern(200_000)])
        let layer = image.layers[0]
        let first = try LoopbackServer { request in
            guard request.attempt == 0 else { return Reply(404) }
            return Reply(steps: [
                .bytes(Reply.head(200, ["content-length": "200000"])), .bytes(Array(layer.prefix(80_000))),
                .pause(milliseconds: 30), .reset,
            ])
        }
        let second = try LoopbackServer { image.reply(to: $0) }
        let mirrors = [try Mirror(parsing: "q.io=\(first.origin)"), try Mirror(parsing: "q.io=\(second.origin)")]
        let client = RegistryClient(configuration: .quick(mirrors: mirrors))
        #expect(try pull(image.layer(0), Reference(parsing: "q.io/a/b"), client, store) == layer)
        #expect(second.requests.map { $0.headers["range"] } == ["bytes=80000-"])
    }

    @Test("Wrong bytes from a mirror are an error, not a reason to look elsewhere in silence")
    func lyingMirror() throws {
        let image = image
        let first = try LoopbackServer { _ in Reply(200, [:], Array("lie number".utf8)) }
        let second = try LoopbackServer { image.reply(to: $0) }
        let mirrors = [try Mirror(parsing: "q.io=\(first.origin)"), try Mirror(parsing: "q.io=\(second.origin)")]
        let client = RegistryClient(configuration: .quick(mirrors: mirrors))
        let blob = Descriptor(mediaType: .ociLayer, digest: Digest(of: image.layers[0]), size: 10)
        let (store, reference) = (store, try Reference(parsing: "q.io/a/b"))
        let error = #expect(throws: RegistryError.self) { try pull(blob, reference, client, store) }
        #expect(error?.code == .digestMismatch)
        #expect(second.requests.isEmpty)
    }

    @Test("When nobody has it, every one that was asked is named")
    func nobody() throws {
        let mirror = try LoopbackServer { _ in Reply(404) }
        let registry = try LoopbackServer { _ in Reply(404) }
        let reference = try registry.reference("a:nope")
        let configuration = RegistryConfiguration.quick(mirrors: [
            Mirror(registry: reference.registry, endpoint: try mirror.url("/"))
        ])
        let store = store
        let error = #expect(throws: RegistryError.self) {
            try RegistryClient(configuration: configuration).resolve(reference, platform: amd64, store: store)
        }
        #expect(error?.message.contains(mirror.origin) == true && error?.message.contains(registry.origin) == true)
    }
}
