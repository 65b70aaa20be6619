import ByteKit
import ImageModel
import Registry
import Testing
import TestKit
import Transport

@Suite struct PullTests: ~Copyable {
    typealias Reply = LoopbackServer.Reply
    let scene: StoreScene
    let bytes = pattern(300_000)
    var store: BlobStore { scene.store }
    var blob: Descriptor { Descriptor(mediaType: .ociLayerGzip, digest: Digest(of: bytes), size: bytes.count) }

    init() throws { scene = try StoreScene() }

    /// A reply that breaks off after `count` of the bytes it owes.
    private static func cut(_ bytes: [UInt8], from first: Int, after count: Int, total: Int? = nil) -> Reply {
        let rest = Array(bytes[first...])
        var headers: HTTPHeaders = ["content-length": String(rest.count)]
        if first > 0 { headers["content-range"] = "bytes \(first)-\(bytes.count - 1)/\(total ?? bytes.count)" }
        return Reply(steps: [
            .bytes(Reply.head(first > 0 ? 206 : 200, headers)), .bytes(Array(rest.prefix(count))),
            .pause(milliseconds: 30), .reset,
        ])
    }

    private func failure(_ blob: Descriptor? = nil, _ behaviour: @escaping @Sendable (LoopbackServer.Request) -> Reply)
        throws -> RegistryError?
    {
        let server = try LoopbackServer(behaviour)
        let reference = try server.reference()
        let wanted = blob ?? self.blob
        let store = store
        let error = #expect(throws: RegistryError.self) {
            try pull(wanted, reference, RegistryClient(configuration: .quick()), store)
        }
        #expect(try Folder.names(in: store.root + "/blobs/sha256") == [])
        return error
    }

    @Test("A blob is handed on in order and stands in the store afterwards")
    func usual() throws {
        let bytes = bytes
        let server = try LoopbackServer { _ in Reply(200, [:], bytes) }
        #expect(try pull(blob, server.reference(), RegistryClient(configuration: .quick()), store) == bytes)
        #expect(store.contains(blob.digest, size: blob.size))
        #expect(try InputFile.contents(of: store.path(of: blob.digest), limit: 1 << 20) == bytes)
        #expect(server.requests.map(\.path) == ["/v2/a/b/blobs/\(blob.digest)"])
    }

    @Test("A blob that is in the store is handed on from there, and checked on the way")
    func stored() throws {
        try store.put(bytes)
        var configuration = RegistryConfiguration.quick()
        configuration.isOffline = true
        let client = RegistryClient(configuration: configuration)
        let reference = try Reference(parsing: "a/b")
        #expect(try pull(blob, reference, client, store) == bytes)

        try OutputFile.write(Array(bytes.reversed()), to: store.path(of: blob.digest))
        let (blob, store) = (blob, store)
        let error = #expect(throws: RegistryError.self) { try pull(blob, reference, client, store) }
        #expect(error?.code == .digestMismatch)
        #expect(!store.contains(blob.digest))
    }

    @Test("A cut transfer goes on where it stopped, and no byte is seen twice")
    func resumed() throws {
        let bytes = bytes
        let time = ManualTime()
        let server = try LoopbackServer { request in
            let first = TestImage.rangeStart(request) ?? 0
            return request.attempt < 3
                ? Self.cut(bytes, from: first, after: 50_000)
                : Reply(
                    206, ["content-range": "bytes \(first)-\(bytes.count - 1)/*"], Array(bytes[first...]))
        }
        #expect(try pull(blob, server.reference(), RegistryClient(configuration: .quick(time)), store) == bytes)
        let ranges = server.requests.map { $0.headers["range"] }
        #expect(ranges[0] == nil && ranges[1] == "bytes=50000-" && ranges.count == 4)
        #expect(time.sleeps.count == 3)
        try store.verify(blob.digest)
    }

    @Test("A server that begins again with 200 is listened to from where it gets new")
    func startedOver() throws {
        let bytes = bytes
        let server = try LoopbackServer {
            $0.attempt < 2 ? Self.cut(bytes, from: 0, after: 70_000 * ($0.attempt + 1)) : Reply(200, [:], bytes)
        }
        #expect(try pull(blob, server.reference(), RegistryClient(configuration: .quick()), store) == bytes)
    }

    @Test(
        "Another range than the one asked for is thrown away, and the whole is asked for",
        arguments: ["wrong", "none", "416"])
    func wrongRange(kind: String) throws {
        let bytes = bytes
        let server = try LoopbackServer { request in
            guard request.headers["range"] != nil else {
                return request.attempt == 0 ? Self.cut(bytes, from: 0, after: 50_000) : Reply(200, [:], bytes)
            }
            if kind == "416" { return Reply(416) }
            return Reply(206, kind == "none" ? [:] : ["content-range": "bytes 0-299999/300000"], bytes)
        }
        #expect(try pull(blob, server.reference(), RegistryClient(configuration: .quick()), store) == bytes)
        #expect(server.requests.map { $0.headers["range"] != nil } == [false, true, false])
    }

    @Test("A resumed transfer whose total has changed is refused")
    func changedTotal() throws {
        let bytes = bytes
        let error = try failure { Self.cut(bytes, from: TestImage.rangeStart($0) ?? 0, after: 1000, total: 300_001) }
        #expect(error?.code == .sizeMismatch)
    }

    @Test("Wrong bytes of the right length are refused at the end, and nothing is kept")
    func wrongDigest() throws {
        let bytes = bytes
        let error = try failure { _ in Reply(200, [:], bytes.reversed()) }
        #expect(error?.code == .digestMismatch)
        #expect(error?.isTransient == false)
    }

    @Test(
        "An announced length that is not the manifest's is refused before a byte is taken",
        arguments: [299_999, 300_001, 0])
    func wrongLength(length: Int) throws {
        let error = try failure { _ in Reply(200, [:], pattern(length)) }
        #expect(error?.code == .sizeMismatch)
    }

    @Test("A longer body without a length is cut off at the size that was said")
    func endless() throws {
        let error = try failure { _ in
            Reply(steps: [.bytes(Reply.head(200, ["connection": "close"])), .fill(count: 50 << 20), .close])
        }
        #expect(error?.code == .sizeMismatch)
    }

    @Test("A shorter body without a length is tried again, and refused in the end")
    func short() throws {
        let bytes = bytes
        let error = try failure { _ in
            Reply(steps: [.bytes(Reply.head(200, ["connection": "close"])), .bytes(Array(bytes.dropLast())), .close])
        }
        #expect(error?.code == .interrupted)
        #expect(error?.message.contains("299999 of 300000") == true)
    }

    @Test("An empty blob needs no bytes, but the right digest")
    func empty() throws {
        let server = try LoopbackServer { _ in Reply(500) }
        let client = RegistryClient(configuration: .quick())
        let empty = Descriptor(mediaType: .ociLayer, digest: Digest(of: []), size: 0)
        #expect(try pull(empty, server.reference(), client, store) == [])
        let lie = Descriptor(mediaType: .ociLayer, digest: blob.digest, size: 0)
        let (store, reference) = (store, try server.reference())
        #expect(throws: RegistryError.self) { try pull(lie, reference, client, store) }
    }

    @Test("What the receiver throws is thrown on, once, and nothing is kept")
    func receiverThrows() throws {
        struct Full: Error {}
        let bytes = bytes
        let server = try LoopbackServer { _ in Reply(200, [:], bytes) }
        let (blob, store, reference) = (blob, store, try server.reference())
        #expect(throws: Full.self) {
            try unsafe RegistryClient(configuration: .quick()).pull(blob, from: reference, into: store) { _ in
                throw Full()
            }
        }
        #expect(server.requests.count == 1)
        #expect(try Folder.names(in: store.root + "/blobs/sha256") == [])
    }

    @Test("Many threads pull through one client at once")
    func threads() throws {
        let layers = (0..<12).map { pattern(50_000 + $0) }
        let image = TestImage(layers: layers)
        let server = try LoopbackServer { image.reply(to: $0) }
        let client = RegistryClient(configuration: .quick())
        let reference = try server.reference()
        let failures = Monitor(0)
        let store = store
        try WorkerPool(width: 6).forEach(layers.count) { index in
            if (try? pull(image.layer(index), reference, client, store)) != layers[index] {
                failures.withLock { $0 += 1 }
            }
        }
        #expect(failures.withLock { $0 } == 0)
        for layer in layers { try store.verify(Digest(of: layer)) }
    }
}
