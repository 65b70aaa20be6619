import ByteKit
import ImageModel
import JSON
import Registry
import TestKit
import Testing
import Transport

/// Pushing to registries that misbehave; the real ones are in `RealPushTests`.
@Suite("A push") struct PushTests {
    typealias Reply = LoopbackServer.Reply

    private let bytes = pattern(100_000)
    private var blob: Descriptor { Descriptor(mediaType: .ociLayer, digest: Digest(of: bytes), size: bytes.count) }

    private func pusher(_ time: ManualTime = ManualTime()) -> RegistryPusher<CurlTransport> {
        var pusher = RegistryPusher(RegistryClient(configuration: .quick(time)))
        pusher.pieceSize = 30_000
        return pusher
    }

    /// An upload as a registry keeps it.
    private final class Session: Sendable {
        let bytes = Monitor<[UInt8]>([])
        var count: Int { bytes.withLock { $0.count } }

        /// The answer of a registry that does everything right.
        func reply(_ request: LoopbackServer.Request, status: Int = 202) -> Reply {
            switch request.method {
            case "HEAD": return Reply(404)
            case "POST": return Reply(202, ["location": "/v2/a/b/blobs/uploads/1?state=x"])
            case "GET": return Reply(204, ["location": "/v2/a/b/blobs/uploads/1", "range": "0-\(max(0, count - 1))"])
            case "PATCH":
                let first = Int(request.headers["content-range"]?.split(separator: "-").first ?? "") ?? -1
                guard first == count else { return Reply(416) }
                bytes.withLock { $0 += request.body }
                return Reply(status, ["location": "/v2/a/b/blobs/uploads/1?state=y", "range": "0-\(count - 1)"])
            default:
                bytes.withLock { $0 += request.body }
                return Reply(201)
            }
        }
    }

    @Test("of a small blob sends it whole, of a large one in pieces")
    func sizes() throws {
        let session = Session()
        let server = try LoopbackServer { session.reply($0) }
        #expect(try pusher().push(blob, .bytes(bytes), to: server.reference()) == .uploaded)
        #expect(session.bytes.withLock { $0 } == bytes)
        #expect(server.requests.map(\.method) == ["HEAD", "POST", "PATCH", "PATCH", "PATCH", "PATCH", "PUT"])
        let ranges = server.requests.compactMap { $0.headers["content-range"] }
        #expect(ranges == ["0-29999", "30000-59999", "60000-89999", "90000-99999"])
        #expect(server.requests.last?.query.contains("digest=sha256%3A\(Digest(of: bytes).hex)") == true)
        #expect(server.requests.last?.query.hasPrefix("state=y&") == true)

        let small = Array(bytes.prefix(30_000))
        let (second, other) = (
            Session(), Descriptor(mediaType: .ociLayer, digest: Digest(of: small), size: small.count)
        )
        let again = try LoopbackServer { second.reply($0) }
        #expect(try pusher().push(other, .bytes(small), to: again.reference()) == .uploaded)
        #expect(again.requests.map(\.method) == ["HEAD", "POST", "PUT"])
        #expect(second.bytes.withLock { $0 } == small)
    }

    @Test("of a blob that is there sends nothing")
    func present() throws {
        let size = bytes.count
        let server = try LoopbackServer { _ in Reply(200, ["content-length": String(size)]) }
        #expect(try pusher().push(blob, .bytes(bytes), to: server.reference()) == .wasThere)
        #expect(server.requests.map(\.method) == ["HEAD"])
    }

    @Test("asks for a blob of another repository to be taken over, and sends it when that is refused")
    func mount() throws {
        for status in [201, 202] {
            let session = Session()
            let server = try LoopbackServer { request in
                request.method == "POST" && status == 201 ? Reply(201) : session.reply(request)
            }
            let arrival = try pusher().push(
                blob, .bytes(bytes), to: server.reference(), mountingFrom: server.reference("c/d"))
            #expect(arrival == (status == 201 ? .mounted : .uploaded))
            #expect(server.requests[1].query == "mount=sha256%3A\(Digest(of: bytes).hex)&from=c%2Fd")
        }
    }

    @Test("that is cut goes on where the registry says it was", arguments: ["reset", "502", "kept half"])
    func resumed(fault: String) throws {
        let session = Session()
        let server = try LoopbackServer { request in
            guard request.method == "PATCH", request.attempt == 1 else { return session.reply(request) }
            if fault == "502" { return Reply(502) }
            session.bytes.withLock { $0 += request.body.prefix(fault == "reset" ? request.body.count : 10_000) }
            return Reply(steps: [.reset])
        }
        #expect(try pusher().push(blob, .bytes(bytes), to: server.reference()) == .uploaded)
        #expect(session.bytes.withLock { $0 } == bytes)
        #expect(server.requests.count { $0.method == "GET" } == 1)
        #expect(server.requests.count { $0.method == "POST" } == 1)
    }

    @Test("whose upload the registry has forgotten begins anew")
    func forgotten() throws {
        let sessions = [Session(), Session()]
        let current = Monitor(0)
        let server = try LoopbackServer { request in
            if request.method == "PATCH", request.attempt == 1 { return Reply(500) }
            if request.method == "GET" {
                current.withLock { $0 = 1 }
                return Reply(404)
            }
            return sessions[current.withLock { $0 }].reply(request)
        }
        #expect(try pusher().push(blob, .bytes(bytes), to: server.reference()) == .uploaded)
        #expect(sessions[1].bytes.withLock { $0 } == bytes)
    }

    @Test("to a registry that stays down ends, and names what was asked", arguments: [500, 403, 413])
    func refused(status: Int) throws {
        let server = try LoopbackServer { $0.method == "HEAD" ? Reply(404) : Reply(status) }
        let (pusher, blob, bytes, reference) = (pusher(), blob, bytes, try server.reference())
        let error = #expect(throws: RegistryError.self) { try pusher.push(blob, .bytes(bytes), to: reference) }
        #expect(error?.status == status)
        #expect(error?.message.contains("POST \(server.origin)/v2/a/b/blobs/uploads/") == true)
        #expect(error?.isTransient == (status == 500))
        #expect(server.requests.count { $0.method == "POST" } == (status == 500 ? 5 : 1))
    }

    @Test(
        "is not led on by answers that make no sense",
        arguments: [[:], ["location": "ftp://x/"], ["location": "http://u:p@h/"], ["location": "http://example.com/"]]
            as [HTTPHeaders])
    func oddLocation(headers: HTTPHeaders) throws {
        let server = try LoopbackServer { $0.method == "HEAD" ? Reply(404) : Reply(202, headers) }
        let (pusher, blob, bytes, reference) = (pusher(), blob, bytes, try server.reference())
        #expect(throws: RegistryError.self) { try pusher.push(blob, .bytes(bytes), to: reference) }
        #expect(server.requests.count { $0.method == "PATCH" } == 0)
    }

    @Test("that never gets any further ends", arguments: ["0-0", "0-999999", "x"])
    func oddRange(range: String) throws {
        let server = try LoopbackServer { request in
            switch request.method {
            case "HEAD": Reply(404)
            case "POST": Reply(202, ["location": "/up"])
            case "GET": Reply(204, ["range": "0-0"])
            case "PATCH": Reply(202, ["location": "/up", "range": range])
            default: Reply(range == "x" ? 400 : 500)
            }
        }
        let (pusher, blob, bytes, reference) = (pusher(), blob, bytes, try server.reference())
        #expect(throws: RegistryError.self) { try pusher.push(blob, .bytes(bytes), to: reference) }
        #expect(server.requests.count < 60)
    }

    @Test("does not take a registry's login to the place where it has the bytes sent")
    func foreignUpload() throws {
        let storage = try LoopbackServer { request in
            request.method == "PUT" ? Reply(201) : Reply(202, ["range": request.headers["content-range"] ?? ""])
        }
        let away = storage.origin + "/upload?signature=x"
        let server = try LoopbackServer { request in
            guard request.headers["authorization"] != nil else {
                return Reply(401, ["www-authenticate": "Basic realm=x"])
            }
            return request.method == "POST" ? Reply(202, ["location": away]) : Reply(404)
        }
        struct Login: CredentialSource {
            func credentials(registry: String, repository: String) throws(RegistryError) -> Credentials? {
                .password(user: "me", password: "secret")
            }
        }
        var configuration = RegistryConfiguration.quick()
        configuration.credentialSources = [Login()]
        let pusher = RegistryPusher(RegistryClient(configuration: configuration))
        #expect(try pusher.push(blob, .bytes(bytes), to: server.reference()) == .uploaded)
        #expect(storage.requests.map(\.method) == ["PUT"])
        #expect(storage.requests.allSatisfy { $0.headers["authorization"] == nil })
    }

    @Test("of a file that is not there, or too short, says so")
    func missingFile() throws {
        let session = Session()
        let server = try LoopbackServer { session.reply($0) }
        let (pusher, blob, reference) = (pusher(), blob, try server.reference())
        for path in ["/nowhere/at/all", "/etc/hostname"] {
            let error = #expect(throws: RegistryError.self) { try pusher.push(blob, .file(path), to: reference) }
            #expect(error?.code == .store)
        }
    }

    @Test("of a manifest under a digest that it does not have is refused, whoever is wrong")
    func wrongDigest() throws {
        let image = TestImage()
        let server = try LoopbackServer { _ in Reply(201, ["docker-content-digest": Digest(of: [1]).description]) }
        let (pusher, reference) = (pusher(), try server.reference())
        let error = #expect(throws: RegistryError.self) {
            try pusher.push(manifest: image.manifest, type: .ociManifest, to: reference)
        }
        #expect(error?.code == .digestMismatch)
        let pinned = reference.inRepository(Digest(of: [2]))
        #expect(throws: RegistryError.self) {
            try pusher.push(manifest: image.manifest, type: .ociManifest, to: pinned)
        }
        #expect(server.requests.count == 1)
    }

    @Test("never goes to a mirror")
    func mirrors() throws {
        let mirror = try LoopbackServer { _ in Reply(201) }
        let server = try LoopbackServer { _ in Reply(201) }
        let reference = try server.reference()
        let configuration = RegistryConfiguration.quick(mirrors: [
            Mirror(registry: reference.registry, endpoint: try mirror.url("/"))
        ])
        try RegistryPusher(RegistryClient(configuration: configuration)).push(
            manifest: TestImage().manifest, type: .ociManifest, to: reference)
        #expect(mirror.requests.isEmpty && server.requests.count == 1)
    }

    // MARK: - Referrers

    @Test("Referrers are read page by page, at the same server only")
    func pages() throws {
        let subject = Digest(of: [1])
        let entries = (0..<3).map { TestImage.descriptor(.ociManifest, of: [UInt8($0)]) }
        let away = try LoopbackServer { _ in Reply(200) }
        let foreign = away.origin
        func server(_ last: String) throws -> LoopbackServer {
            try LoopbackServer { request in
                let page = Int(request.query.split(separator: "=").last ?? "0") ?? 0
                let index = JSON.object([("schemaVersion", .integer(2)), ("manifests", .array([entries[page]]))]).text()
                var headers: HTTPHeaders = ["content-type": MediaType.ociIndex.description]
                if page < 2 { headers["link"] = "<\(request.path)?page=\(page + 1)>; rel=\"next\"" }
                if page == 2 && !last.isEmpty { headers["link"] = "<\(last)>; rel=\"next\"" }
                return Reply(200, headers, index)
            }
        }
        let good = try server("")
        #expect(
            try pusher().referrers(of: subject, in: good.reference()).map(\.digest)
                == (0..<3).map { Digest(of: [UInt8($0)]) })

        let pusher = pusher()
        for link in [foreign + "/x", "http://169.254.169.254/", "file:///etc/passwd", "?page=0"] {
            let bad = try server(link)
            let reference = try bad.reference()
            #expect(throws: RegistryError.self) { try pusher.referrers(of: subject, in: reference) }
        }
        #expect(away.requests.isEmpty)
    }

    @Test("A list of referrers that is none is refused", arguments: ["", "[]", "{}", #"{"manifests":[7]}"#, "<html>"])
    func oddList(text: String) throws {
        let server = try LoopbackServer { _ in Reply(200, [:], Array(text.utf8)) }
        let (pusher, reference) = (pusher(), try server.reference())
        let error = #expect(throws: RegistryError.self) { try pusher.referrers(of: Digest(of: []), in: reference) }
        #expect(error?.code == .badAnswer)
    }
}
