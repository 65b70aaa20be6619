import ByteKit
import ImageModel
import JSON
import Registry
import TestKit
import Testing
import Transport

/// Pushing to the distribution project's registry, open, with basic logins, and with a token server.
@Suite("A push to a real registry") struct RealPushTests: ~Copyable {
    let folder: TestFolder
    let image = TestImage(layers: [pattern(700_000), Array("small".utf8), []])

    init() throws {
        let folder = try TestFolder()
        try TestImage.write(image.layout(tag: "v1"), to: folder.path + "/layout")
        self.folder = folder
    }

    private struct Login: CredentialSource {
        var password = "secret"
        func credentials(registry: String, repository: String) throws(RegistryError) -> Credentials? {
            .password(user: "me", password: password)
        }
    }

    private func configuration(password: String = "secret") -> RegistryConfiguration {
        var configuration = RegistryConfiguration.quick()
        configuration.credentialSources = [Login(password: password)]
        return configuration
    }

    private func reference(_ registry: borrowing RegistryProcess, _ name: String) throws -> Reference {
        try Reference(parsing: "\(registry.origin.dropFirst("http://".count))/\(name)")
    }

    /// Pushes the layout, and pulls the image again with a cache of its own.
    private func roundTrip(_ registry: borrowing RegistryProcess, _ configuration: RegistryConfiguration) throws {
        let client = RegistryClient(configuration: configuration)
        var pusher = RegistryPusher(client)
        pusher.pieceSize = 200_000
        let reference = try reference(registry, "scar/pushed:v2")
        #expect(
            try pusher.push(layout: folder.path + "/layout", tag: "v1", to: reference) == Digest(of: image.manifest))
        let store = try BlobStore("\(folder.path)/store")
        let resolved = try client.resolve(reference, platform: amd64, store: store)
        #expect(resolved.manifestDigest == Digest(of: image.manifest))
        for (layer, bytes) in zip(resolved.manifest.layers, image.layers) {
            #expect(try pull(layer, reference, client, store) == bytes)
        }
        // Again, everything is there; in another repository, everything is taken over.
        for (layer, bytes) in zip(resolved.manifest.layers, image.layers) {
            #expect(try pusher.push(layer, .bytes(bytes), to: reference) == .wasThere)
            let other = try self.reference(registry, "scar/other:v3")
            #expect(try pusher.push(layer, .bytes(bytes), to: other, mountingFrom: reference) == .mounted)
        }
        let pinned = reference.inRepository(Digest(of: image.index))
        #expect(try pusher.push(manifest: image.index, type: .ociIndex, to: pinned) == Digest(of: image.index))
        try checkReferrers(pusher, reference)
    }

    /// Attaches two documents to the image, and finds them again.
    private func checkReferrers(_ pusher: RegistryPusher<CurlTransport>, _ reference: Reference) throws {
        let subject = Digest(of: image.manifest)
        #expect(try pusher.referrers(of: subject, in: reference) == [])
        let manifest = Descriptor(mediaType: .ociManifest, digest: subject, size: image.manifest.count)
        for type in ["application/spdx+json", "application/vnd.example.signature"] {
            // A second time, as whoever pushes again does.
            for _ in 0..<2 {
                try pusher.attach(Array("a \(type)".utf8), type: MediaType(type), to: manifest, in: reference)
            }
        }
        let found = try pusher.referrers(of: subject, in: reference)
        #expect(found.map(\.artifactType) == ["application/spdx+json", "application/vnd.example.signature"])
        #expect(try pusher.referrers(of: subject, in: reference, type: "application/spdx+json") == [found[0]])
    }

    @Test("that is open gives the image back byte for byte")
    func open() throws {
        try roundTrip(RegistryProcess(), .quick())
    }

    @Test("of an image of many layers sends three at a time, from the base on, and the manifest last")
    func parallel() throws {
        let image = TestImage(layers: (0..<8).map { pattern(50_000 + $0) })
        let layout = folder.path + "/many"
        try TestImage.write(image.layout(tag: "v1"), to: layout)
        let registry = try RegistryProcess()
        let transport = MeetingTransport(meeting: 3)
        let client = RegistryClient(configuration: .quick(), transport: transport)
        let reference = try reference(registry, "scar/many:v1")
        #expect(try RegistryPusher(client).push(layout: layout, to: reference) == Digest(of: image.manifest))
        // The config by itself, then the three that wait for one another: those nearest to the base.
        let asked = transport.requests.filter { $0.method == .head }.map(\.url.path)
        let names = ([image.config] + image.layers).map { Digest(of: $0).hex }
        #expect(asked.count == 9)
        #expect(asked.first?.hasSuffix(names[0]) == true)
        for name in names[1...3] { #expect(asked[1...3].contains { $0.hasSuffix(name) }) }
        #expect(transport.most == 3)
        #expect(transport.requests.last?.url.path.hasSuffix("/manifests/v1") == true)
        let store = try BlobStore("\(folder.path)/store")
        let resolved = try client.resolve(reference, platform: amd64, store: store)
        for (layer, bytes) in zip(resolved.manifest.layers, image.layers) {
            #expect(try pull(layer, reference, client, store) == bytes)
        }
    }

    @Test("of which one blob fails ends, says which, and leaves no manifest")
    func oneFails() throws {
        let image = TestImage(layers: (0..<8).map { pattern(50_000 + $0) })
        let layout = folder.path + "/many"
        try TestImage.write(image.layout(tag: "v1"), to: layout)
        let registry = try RegistryProcess()
        let refused = Digest(of: image.layers[3]).hex
        let transport = MeetingTransport(refusing: refused)
        let pusher = RegistryPusher(RegistryClient(configuration: .quick(), transport: transport))
        let reference = try reference(registry, "scar/many:v1")
        let error = #expect(throws: RegistryError.self) { try pusher.push(layout: layout, to: reference) }
        #expect(error?.message.contains(refused) == true)
        #expect(!transport.requests.contains { $0.url.path.contains("/manifests/") })
    }

    @Test("with basic logins gives the image back; without the login, or with a wrong one, nothing is sent")
    func basic() throws {
        let registry = try RegistryProcess(login: .basic, folder: folder.path)
        try roundTrip(registry, configuration())
        let (reference, layout) = (try reference(registry, "scar/x:v1"), folder.path + "/layout")
        for configuration in [.quick(), configuration(password: "wrong")] {
            let pusher = RegistryPusher(RegistryClient(configuration: configuration))
            let error = #expect(throws: RegistryError.self) { try pusher.push(layout: layout, to: reference) }
            #expect(error?.code == .unauthorized)
            #expect(error?.diagnostic.description.contains("wrong") == false)
        }
    }

    @Test("with a token server gives the image back, and asks for no more than it needs")
    func token() throws {
        let tokens = try TokenServer(folder: folder.path)
        let registry = try RegistryProcess(login: .token(tokens), folder: folder.path)
        try roundTrip(registry, configuration())
        let scopes = Set(tokens.scopes)
        #expect(scopes.contains("repository:scar/pushed:pull,push"))
        #expect(scopes.contains("repository:scar/pushed:pull"))
        #expect(
            scopes.isSubset(of: [
                "repository:scar/pushed:pull,push", "repository:scar/pushed:pull", "repository:scar/other:pull,push",
                "repository:scar/other:pull",
            ]))
        // One token does for all requests of a kind.
        #expect(tokens.scopes.count <= 8, "\(tokens.scopes)")
        let (reference, layout) = (try reference(registry, "scar/x:v1"), folder.path + "/layout")
        let pusher = RegistryPusher(RegistryClient(configuration: configuration(password: "wrong")))
        let error = #expect(throws: RegistryError.self) { try pusher.push(layout: layout, to: reference) }
        #expect(error?.hint?.contains("not accepted") == true)
    }
}

/// The network, where the first uploads after the config's wait for one another.
private final class MeetingTransport: HTTPTransport {
    private struct State: Sendable {
        var requests: [HTTPRequest] = []
        var heads = 0
        var now = 0
        var most = 0
    }

    private let transport = CurlTransport()
    private let state = Monitor(State())
    private let meeting: Int
    private let refused: String?

    /// - Parameters:
    ///   - meeting: how many wait until all of them are there.
    ///   - refused: a digest, in hexadecimal, that is not sent.
    init(meeting: Int = 0, refusing refused: String? = nil) {
        self.meeting = meeting
        self.refused = refused
    }

    var requests: [HTTPRequest] { state.withLock { $0.requests } }
    /// How many exchanges there were at once.
    var most: Int { state.withLock { $0.most } }

    func perform(
        _ request: HTTPRequest, receive: (HTTPResponse, UnsafeRawBufferPointer) -> HTTPReception
    ) throws(TransportError) -> HTTPResponse {
        let head = state.withLock { state in
            state.requests.append(request)
            state.heads += request.method == .head ? 1 : 0
            state.now += 1
            state.most = max(state.most, state.now)
            return request.method == .head ? state.heads : 0
        }
        defer { state.withLock { $0.now -= 1 } }
        if let refused, request.url.path.hasSuffix(refused) {
            throw TransportError(.refusedAddress, url: request.url.description, detail: "the test says no")
        }
        if head > 1 { state.wait { $0.heads >= meeting + 1 ? () : nil } }
        return unsafe try transport.perform(request, receive: receive)
    }
}
