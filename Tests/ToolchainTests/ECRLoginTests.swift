import AWS
import ByteKit
import ImageModel
import Publisher
import Registry
import TestKit
import Testing
import Toolchain
import Transport

/// The distribution project's registry under the name of one of AWS's, and moto's ECR that gives out its login.
@Suite(
    "Logging in to ECR", .serialized, .enabled(if: AWSEmulator.isInstalled, "needs moto: scripts/setup test"))
struct ECRLoginTests: ~Copyable {
    private static let emulator = Result { try AWSEmulator() }
    private static let host = RegistryProcess.Login.ecrHost

    private let emulator: AWSEmulator
    private let registry: RegistryProcess
    private let folder: TestFolder
    private let image = TestImage(layers: (0..<4).map { Array("layer \($0)".utf8) })
    private let time = ManualTime()
    private let platform = Platform(os: "linux", architecture: "amd64")

    init() throws {
        let started = try Self.emulator.get()
        try started.reset()
        let folder = try TestFolder()
        let registry = try RegistryProcess(login: .ecr, folder: folder.path)
        emulator = started
        self.registry = registry
        self.folder = folder
    }

    /// The network, but that one name leads to another server.
    private struct Rerouted: HTTPTransport {
        let origin: String
        let transport = CurlTransport()

        func perform(
            _ request: HTTPRequest, receive: (HTTPResponse, UnsafeRawBufferPointer) -> HTTPReception
        ) throws(TransportError) -> HTTPResponse {
            guard request.url.host == ECRLoginTests.host else {
                throw TransportError(.hostNotFound, url: request.url.description, detail: "the test has no such host")
            }
            let meant = request.url
            var request = request
            request.url = try URL(parsing: origin).with(path: meant.path, query: meant.query)
            var response = unsafe try transport.perform(request, receive: receive)
            if response.url == request.url { response.url = meant }
            return response
        }
    }

    private func source(_ changes: [String: String] = [:]) -> ECRLogin {
        let (variables, time) = (emulator.variables.merging(changes) { $1 }, time.source)
        return ECRLogin { region throws(AWSError) in
            let configuration = try Configuration { variables[$0].flatMap { $0.isEmpty ? nil : $0 } }
            return AWSClient(
                configuration, region: try configuration.region(region), transport: CurlTransport(), time: time)
        }
    }

    private func client(
        _ source: ECRLogin, _ change: (inout RegistryConfiguration) -> Void = { _ in }
    ) -> RegistryClient<Rerouted> {
        var configuration = RegistryConfiguration()
        configuration.credentialSources = [source]
        configuration.retry = RetryPolicy(time: time.source)
        change(&configuration)
        return RegistryClient(configuration: configuration, transport: Rerouted(origin: registry.origin))
    }

    private func push(with client: RegistryClient<Rerouted>) throws {
        try TestImage.write(image.layout(tag: "v1"), to: folder.path + "/layout")
        try RegistryPusher(client).push(
            layout: folder.path + "/layout", to: try Reference(parsing: "\(Self.host)/team/app:v1"))
    }

    @Test("gives out an image that was pushed, for one login, which no message shows")
    func roundTrip() throws {
        let client = client(source())
        try push(with: client)
        let store = try BlobStore(folder.path + "/store")
        let reference = try Reference(parsing: "\(Self.host)/team/app:v1")
        let resolved = try client.resolve(reference, platform: platform, store: store)
        for (layer, expected) in zip(resolved.manifest.layers, image.layers) {
            var bytes: [UInt8] = []
            try unsafe client.pull(layer, from: reference, into: store) { unsafe bytes.append(contentsOf: $0) }
            #expect(bytes == expected)
        }
        #expect(try emulator.requests().map(\.operation) == ["GetAuthorizationToken"])
        #expect(try emulator.problems() == [])
        let missing = try Reference(parsing: "\(Self.host)/team/app:v2")
        let (other, platform) = (store, platform)
        let error = #expect(throws: RegistryError.self) {
            try client.resolve(missing, platform: platform, store: other)
        }
        #expect(error?.code == .notFound)
        #expect("\(error?.diagnostic.description ?? "")".contains("auth-token") == false)
    }

    @Test("lets an image be published, which is there by tag and digest then, and refuses another than was built")
    func published() throws {
        let client = client(source())
        let layout = folder.path + "/layout"
        try TestImage.write(image.layout(), to: layout)
        // The layout's own index is of no use to Lambda: what its one entry names is pushed.
        let digest = Digest(of: image.manifest)
        let built = Deployment.Image(path: layout, digest: digest, size: 1)
        try ImagePush(client).push(built, to: "\(Self.host)/scar-build/frames:\(digest.hex)")
        let store = try BlobStore(folder.path + "/store")
        for name in [":\(digest.hex)", "@\(digest)"] {
            let reference = try Reference(parsing: "\(Self.host)/scar-build/frames\(name)")
            #expect(try client.resolve(reference, platform: platform, store: store).manifestDigest == digest)
        }
        let other = Deployment.Image(path: layout, digest: Digest(of: []), size: 1)
        let error = #expect(throws: ToolError.self) {
            try ImagePush(client).push(other, to: "\(Self.host)/scar-build/frames:other")
        }
        #expect(error?.diagnostic.code == "digest-mismatch")
    }

    @Test("asks once while a login lives, and again before it ends")
    func expiry() throws {
        let source = source()
        for _ in 0..<3 { _ = try source.credentials(registry: Self.host, repository: "a") }
        #expect(try emulator.requests().count == 1)
        // moto's logins end at the beginning of 2015.
        time.advance(.seconds(1_419_900_000 - ManualTime.start))
        _ = try source.credentials(registry: Self.host, repository: "b")
        #expect(try emulator.requests().count == 1)
        time.advance(.seconds(2 * 86_400))
        _ = try source.credentials(registry: Self.host, repository: "b")
        #expect(try emulator.requests().count == 2)
    }

    @Test("leaves other registries alone")
    func others() throws {
        for registry in ["docker.io", "ghcr.io", "127.0.0.1:5000"] {
            #expect(try source().credentials(registry: registry, repository: "a/b") == nil)
        }
        #expect(try emulator.requests().isEmpty)
    }

    @Test("asks nobody when the build is offline, nor when a file has the login")
    func notAsked() throws {
        let store = try BlobStore(folder.path + "/store")
        let reference = try Reference(parsing: "\(Self.host)/team/app:v1")
        let (offline, platform) = (client(source()) { $0.isOffline = true }, platform)
        let error = #expect(throws: RegistryError.self) {
            try offline.resolve(reference, platform: platform, store: store)
        }
        #expect(error?.code == .offline)
        // AWS:123456789012-auth-token
        let entry = "QVdTOjEyMzQ1Njc4OTAxMi1hdXRoLXRva2Vu"
        try OutputFile.write(
            Array(#"{"auths":{"\#(Self.host)":{"auth":"\#(entry)"}}}"#.utf8), to: "\(folder.path)/config.json")
        try push(with: client(source()) { $0.credentialFiles = ["\(folder.path)/config.json"] })
        #expect(try emulator.requests().isEmpty)
    }

    @Test("without AWS credentials says what they lack; the public registry is read without")
    func noCredentials() throws {
        let none = source([
            "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "true",
        ])
        let error = #expect(throws: RegistryError.self) {
            try none.credentials(registry: Self.host, repository: "a")
        }
        #expect(error?.diagnostic.description.contains("error[aws-credentials]") == true)
        #expect(try none.credentials(registry: "public.ecr.aws", repository: "a") == nil)
    }

    @Test("says what ECR says when it says no, and does not say it again and again")
    func denied() throws {
        try emulator.fail(
            "GetAuthorizationToken", times: 9, status: 400, code: "AccessDeniedException",
            message: "not authorized to perform: ecr:GetAuthorizationToken")
        let client = client(source())
        let (store, platform) = (try BlobStore(folder.path + "/store"), platform)
        let reference = try Reference(parsing: "\(Self.host)/team/app:v1")
        let error = #expect(throws: RegistryError.self) {
            try client.resolve(reference, platform: platform, store: store)
        }
        #expect(error?.message.contains("ecr:GetAuthorizationToken") == true)
        #expect(try emulator.requests().count == 1)
    }
}
