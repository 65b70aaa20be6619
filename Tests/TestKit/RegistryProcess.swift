internal import ByteKit
internal import ImageModel
internal import Transport

/// A real registry (the distribution project's), run for one test with storage of its own.
package struct RegistryProcess: ~Copyable {
    package let origin: String
    private let program: BackgroundProgram
    private let folder: TestFolder

    /// What the registry wants before it answers.
    package enum Login: Sendable {
        case none
        /// The user `me` with the password `secret`.
        case basic
        /// What the emulator's ECR gives out; the registry takes itself for one of AWS's.
        case ecr
        case token(TokenServer)

        package static let ecrHost = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"

        /// Where the registry believes to be, for the addresses that it gives out.
        fileprivate var place: String {
            if case .ecr = self { ", host: https://\(Self.ecrHost)" } else { "" }
        }

        /// The registry's configuration for it.
        fileprivate func configuration(in folder: String) throws -> String {
            switch self {
            case .none: return ""
            case .basic:
                return try Self.basic("me:$2b$04$vpIRgIMjCqkjQtCj1nzNNurJ6Hb2Idx5VqQH5DUEdgC8vpmOTd4ge", folder)
            case .ecr:
                return try Self.basic("AWS:$2b$04$vpIRgIMjCqkjQtCj1nzNNuk9uRoayCivAOG9wmZodohXCQybvuMSa", folder)
            case .token(let server):
                return """
                    auth:
                      token:
                        realm: \(server.realm)
                        service: \(TokenServer.service)
                        issuer: \(TokenServer.issuer)
                        rootcertbundle: \(server.certificate)
                    """
            }
        }

        /// - Parameter entry: of htpasswd's file, with bcrypt: the only kind that the registry takes.
        private static func basic(_ entry: String, _ folder: String) throws -> String {
            try OutputFile.write(Array("\(entry)\n".utf8), to: folder + "/htpasswd")
            return "auth: {htpasswd: {realm: here, path: \(folder)/htpasswd}}"
        }
    }

    /// Starts the registry and waits until it answers.
    ///
    /// - Parameters:
    ///   - login: what it wants to see.
    ///   - parent: where to put the files that needs.
    package init(login: Login = .none, folder parent: String = "/tmp") throws {
        let folder = try TestFolder()
        let port = try BackgroundProgram.freePort()
        let origin = "http://127.0.0.1:\(port)"
        let configuration = """
            version: 0.1
            log: {level: error, accesslog: {disabled: true}}
            storage: {filesystem: {rootdirectory: \(folder.path)/data}, delete: {enabled: true}}
            http: {addr: 127.0.0.1:\(port)\(login.place)}
            \(try login.configuration(in: parent))
            """
        try OutputFile.write(Array(configuration.utf8), to: folder.path + "/config.yml")
        let program = try BackgroundProgram(
            "docker-registry", ["serve", folder.path + "/config.yml"], package: "docker-registry")
        let (transport, url) = (CurlTransport(), try URL(parsing: origin + "/v2/"))
        try program.wait(for: "docker-registry") {
            [200, 401].contains((try? transport.collect(HTTPRequest(.get, url), limit: 1 << 16))?.response.status)
        }
        self.origin = origin
        self.program = program
        self.folder = folder
    }

    /// Puts an image there under `repository` and `tag`, with the registry's own upload API.
    package func push(_ image: TestImage, repository: String, tag: String) throws {
        let transport = CurlTransport()
        for blob in image.layers + [image.config] { try upload(blob, to: repository, transport) }
        for (type, bytes, name) in [
            (MediaType.ociManifest, image.manifest, Digest(of: image.manifest).description),
            (.ociIndex, image.index, tag),
        ] {
            let url = try URL(parsing: "\(origin)/v2/\(repository)/manifests/\(name)")
            try expect(
                201, HTTPRequest(.put, url, headers: ["content-type": type.description], body: .bytes(bytes)), transport
            )
        }
    }

    private func upload(_ blob: [UInt8], to repository: String, _ transport: CurlTransport) throws {
        let start = HTTPRequest(.post, try URL(parsing: "\(origin)/v2/\(repository)/blobs/uploads/"))
        let response = try expect(202, start, transport)
        let location = response.headers["location"] ?? ""
        let url = try start.url.resolving(location).adding("digest", Digest(of: blob).description)
        let headers: HTTPHeaders = ["content-type": "application/octet-stream"]
        try expect(201, HTTPRequest(.put, url, headers: headers, body: .bytes(blob)), transport)
    }

    @discardableResult
    private func expect(_ status: Int, _ request: HTTPRequest, _ transport: CurlTransport) throws -> HTTPResponse {
        let (response, body) = try transport.collect(request, limit: 1 << 20)
        guard response.status == status else {
            throw BackgroundProgram.Unavailable(
                "\(request): \(response.status) \(String(decoding: body, as: UTF8.self))")
        }
        return response
    }
}
