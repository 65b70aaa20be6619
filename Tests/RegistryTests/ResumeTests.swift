import ByteKit
import Glibc
import ImageModel
import Registry
import TestKit
import Testing
import Transport

/// What an earlier pull left, and pulls at the same time.
@Suite("An unfinished blob") struct ResumeTests: ~Copyable {
    typealias Reply = LoopbackServer.Reply
    let scene: StoreScene
    let bytes = pattern(300_000)
    var store: BlobStore { scene.store }
    var blob: Descriptor { Descriptor(mediaType: .ociLayer, digest: Digest(of: bytes), size: bytes.count) }

    init() throws { scene = try StoreScene() }

    private var partial: String { "\(store.partials)/\(blob.digest.hex)" }

    private func leave(_ bytes: [UInt8]) throws {
        try TestImage.write([("store/partials/\(blob.digest.hex)", bytes)], to: scene.path)
    }

    private func size(_ path: String) -> Int? {
        var status = stat()
        return unsafe lstat(path, &status) == 0 ? Int(status.st_size) : nil
    }

    /// A server that holds the blob and understands ranges.
    private func server(_ pause: Int = 0) throws -> LoopbackServer {
        let bytes = bytes
        return try LoopbackServer { request in
            let first = TestImage.rangeStart(request) ?? 0
            let rest = Array(bytes[first...])
            var headers: HTTPHeaders = ["content-length": String(rest.count)]
            if first > 0 { headers["content-range"] = "bytes \(first)-\(bytes.count - 1)/\(bytes.count)" }
            return Reply(steps: [
                .bytes(Reply.head(first > 0 ? 206 : 200, headers)), .pause(milliseconds: pause), .bytes(rest),
            ])
        }
    }

    @Test("is gone on with by the next pull, which hands on all of it and asks for the rest alone")
    func acrossRuns() throws {
        let bytes = bytes
        let cut = try LoopbackServer { _ in
            Reply(steps: [
                .bytes(Reply.head(200, ["content-length": "300000"])), .bytes(Array(bytes.prefix(100_000))),
                .pause(milliseconds: 30), .reset,
            ])
        }
        let (blob, store) = (blob, store)
        let cutReference = try cut.reference()
        var once = RegistryConfiguration.quick()
        once.retry.attempts = 1
        #expect(throws: RegistryError.self) { try pull(blob, cutReference, RegistryClient(configuration: once), store) }
        #expect(size(partial) == 100_000)
        #expect(!store.contains(blob.digest))

        let server = try server()
        #expect(try pull(blob, server.reference(), RegistryClient(configuration: .quick()), store) == bytes)
        // From the last place where direct writing can go on.
        #expect(server.requests.map { $0.headers["range"] } == ["bytes=98304-"])
        try store.verify(blob.digest)
        #expect(size(partial) == nil)
    }

    @Test("of a receiver that had enough is gone on with as well")
    func stopped() throws {
        struct Full: Error {}
        let server = try server()
        let (blob, store, reference) = (blob, store, try server.reference())
        #expect(throws: Full.self) {
            try unsafe RegistryClient(configuration: .quick()).pull(blob, from: reference, into: store) { _ in
                throw Full()
            }
        }
        let left = try #require(size(partial))
        #expect(left > 0)
        #expect(try pull(blob, reference, RegistryClient(configuration: .quick()), store) == bytes)
    }

    @Test("is never taken for whole: damaged, it is removed, and the blob fetched anew", arguments: [40_960, 300_000])
    func damaged(count: Int) throws {
        try leave([UInt8](repeating: 7, count: count))
        let server = try server()
        let (blob, store, reference) = (blob, store, try server.reference())
        let error = #expect(throws: RegistryError.self) {
            try pull(blob, reference, RegistryClient(configuration: .quick()), store)
        }
        #expect(error?.isDamagedCopy == true)
        #expect(size(partial) == nil && !store.contains(blob.digest))
        #expect(try pull(blob, reference, RegistryClient(configuration: .quick()), store) == bytes)
        #expect(server.requests.last?.headers["range"] == nil)
    }

    @Test("that is longer than the blob counts for nothing")
    func tooLong() throws {
        try leave(bytes + [0])
        let server = try server()
        #expect(try pull(blob, server.reference(), RegistryClient(configuration: .quick()), store) == bytes)
        #expect(server.requests.map { $0.headers["range"] } == [nil])
    }

    @Test("with zeros where a power failure lost bytes is not believed")
    func zeros() throws {
        try leave(Array(bytes.prefix(8192)) + [UInt8](repeating: 0, count: 8192))
        let server = try server()
        let (blob, store, reference) = (blob, store, try server.reference())
        #expect(throws: RegistryError.self) {
            try pull(blob, reference, RegistryClient(configuration: .quick()), store)
        }
        #expect(try pull(blob, reference, RegistryClient(configuration: .quick()), store) == bytes)
    }

    @Test("is a file, and nothing else that has its name", arguments: ["link", "folder", "pipe"])
    func oddEntries(kind: String) throws {
        try Folder.create(store.partials)
        switch kind {
        case "link":
            try TestImage.write([("outside", [1, 2, 3])], to: scene.path)
            #expect(unsafe symlink(scene.path + "/outside", partial) == 0)
        case "folder": #expect(unsafe mkdir(partial, 0o755) == 0)
        default: #expect(unsafe mkfifo(partial, 0o644) == 0)
        }
        let server = try server()
        let (blob, store, reference) = (blob, store, try server.reference())
        let error = #expect(throws: RegistryError.self) {
            try pull(blob, reference, RegistryClient(configuration: .quick()), store)
        }
        #expect(error?.code == .store)
        if kind == "link" { #expect(size(scene.path + "/outside") == 3) }
    }

    @Test("that several want at once is fetched once, and all get it")
    func together() throws {
        let server = try server(200)
        let (blob, root, reference) = (blob, store.root, try server.reference())
        let expected = bytes
        let right = Monitor(0)
        try WorkerPool(width: 6).forEach(6) { _ in
            // Each with a client and store of its own, as if it were a process.
            guard let store = try? BlobStore(root),
                (try? pull(blob, reference, RegistryClient(configuration: .quick()), store)) == expected
            else { return }
            right.withLock { $0 += 1 }
        }
        #expect(right.withLock { $0 } == 6)
        #expect(server.requests.count == 1)
    }

    @Test("whose fetcher fails is taken over by one that waits")
    func takenOver() throws {
        let bytes = bytes
        let server = try LoopbackServer { request in
            if request.attempt == 0 {
                return Reply(steps: [
                    .bytes(Reply.head(200, ["content-length": "300000"])), .bytes(Array(bytes.prefix(100_000))),
                    .pause(milliseconds: 300), .reset,
                ])
            }
            guard let first = TestImage.rangeStart(request) else { return Reply(500) }
            return Reply(206, ["content-range": "bytes \(first)-299999/300000"], Array(bytes[first...]))
        }
        let (blob, root, reference) = (blob, store.root, try server.reference())
        let results = Monitor<[Bool]>([])
        try WorkerPool(width: 2).forEach(2) { _ in
            var once = RegistryConfiguration.quick()
            once.retry.attempts = 1
            guard let store = try? BlobStore(root) else { return }
            let got = try? pull(blob, reference, RegistryClient(configuration: once), store)
            results.withLock { $0.append(got == bytes) }
        }
        #expect(results.withLock { $0.sorted { $0 && !$1 } } == [true, false])
        #expect(server.requests.map { $0.headers["range"] } == [nil, "bytes=98304-"])
    }

    @Test("is not begun by a build that is offline")
    func offline() throws {
        var configuration = RegistryConfiguration.quick()
        configuration.isOffline = true
        let (blob, store, client) = (blob, store, RegistryClient(configuration: configuration))
        let reference = try Reference(parsing: "a/b")
        let error = #expect(throws: RegistryError.self) { try pull(blob, reference, client, store) }
        #expect(error?.code == .offline)
        #expect(size(store.partials) == nil)
    }
}
