#if !hasFeature(Embedded)
    internal import JSON
    internal import Signing
    internal import SquashFS
#endif

/// Credentials of the machine that this runs on.
extension CredentialSource {
    // MARK: Containers

    /// ECS, EKS Pod Identity and CodeBuild. AWS SDKs and Tools Reference, "Container credential provider".
    func fromContainer(_ deadline: Int64) throws(Failure) -> Credentials? {
        let text: [UInt8]
        if let relative = environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] {
            let slash: [UInt8] = relative.first == UInt8(ascii: "/") ? [] : [UInt8]("/")
            text = [UInt8]("http://169.254.170.2") + slash + relative
        } else if let full = environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] {
            text = full
        } else {
            return nil
        }
        guard let address = WebAddress(parsing: text) else {
            throw .credentials([UInt8]("AWS_CONTAINER_CREDENTIALS_FULL_URI is no address"))
        }
        guard Self.mayBeAsked(address.origin) else {
            throw .credentials(
                address.origin.text + [UInt8](" is neither encrypted nor one of the addresses of container services"))
        }
        var fields: [HTTPResponse.Field] = []
        if let token = try containerToken() { fields.append(.init("Authorization", token)) }
        let response = try ask(HTTPRequest("GET", address.path, fields), address.origin, deadline)
        guard response.status == 200 else { throw Self.refused(address.origin, response.status) }
        return try Self.credentials(response.body, of: address.origin)
    }

    /// Anybody could set the variable, and what it names gets our token: it must be one of the places there are.
    private static func mayBeAsked(_ origin: Origin) -> Bool {
        if origin.isEncrypted || AddressLookup.isLoopback(origin.host) { return true }
        return origin.host.isEqual(to: "169.254.170.2") || origin.host.isEqual(to: "169.254.170.23")
            || origin.host.lowercased.isEqual(to: "fd00:ec2::23")
    }

    private func containerToken() throws(Failure) -> [UInt8]? {
        var token = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
        if let path = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] {
            do throws(SystemFailure) { token = try OpenFile(path, .file).readAll(limit: 1 << 16) } catch {
                throw .credentials([UInt8]("cannot read the token in ") + path + [UInt8](": ") + error.text)
            }
        }
        guard var token else { return nil }
        while let last = token.last, last <= 0x20 { token.removeLast() }
        guard token.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
            throw .credentials([UInt8]("the token of the container has line breaks in it"))
        }
        return token
    }

    // MARK: Instances

    /// EC2's metadata service, version 2 only: version 1 gives credentials to whoever can make us fetch an address.
    /// Amazon EC2, "Use the Instance Metadata Service to access instance metadata".
    func fromInstance(_ deadline: Int64) throws(Failure) -> Credentials? {
        let isDisabled = environment["AWS_EC2_METADATA_DISABLED"]?.lowercased.isEqual(to: "true") ?? false
        // There is no such service in Lambda, and nobody who says so.
        guard !isDisabled, environment["AWS_LAMBDA_FUNCTION_NAME"] == nil else { return nil }
        let text = environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"] ?? [UInt8]("http://169.254.169.254")
        guard let address = WebAddress(parsing: text) else {
            throw .credentials([UInt8]("AWS_EC2_METADATA_SERVICE_ENDPOINT is no address"))
        }
        let origin = address.origin
        let asksToken = HTTPRequest(
            "PUT", [UInt8]("/latest/api/token"),
            [.init("X-aws-ec2-metadata-token-ttl-seconds", [UInt8]("21600"))], body: .bytes([]))
        var client = HTTPClient(origin, nil)
        let limit = TimeLimit(stall: 1_000_000_000, deadline: deadline)
        // Where nobody answers is no instance.
        guard let token = try? client.send(asksToken, limit), token.status == 200 else { return nil }
        let fields = [HTTPResponse.Field("X-aws-ec2-metadata-token", token.body)]
        let path = [UInt8]("/latest/meta-data/iam/security-credentials/")
        let roles = try ask(HTTPRequest("GET", path, fields), origin, deadline)
        let role = [UInt8](roles.body.prefix { $0 > 0x20 })
        guard roles.status == 200, !role.isEmpty else { return nil }
        let response = try ask(HTTPRequest("GET", path + role.percentEncoded(), fields), origin, deadline)
        guard response.status == 200 else { throw Self.refused(origin, response.status) }
        return try Self.credentials(response.body, of: origin)
    }

    // MARK: Exchanges

    /// Asks up to three times.
    private func ask(_ request: HTTPRequest, _ origin: Origin, _ deadline: Int64) throws(Failure) -> HTTPResponse {
        var client = HTTPClient(origin, TrustStore(.machine(environment["SSL_CERT_FILE"])))
        var attempt = 1
        while true {
            let isLast = attempt == 3
            do throws(NetworkError) {
                let limit = TimeLimit(stall: 2_000_000_000, deadline: deadline)
                let response = try client.send(request, limit, bodyLimit: 1 << 16)
                if response.status < 500 || isLast { return response }
            } catch {
                if isLast || !error.isTransient {
                    throw .credentials([UInt8]("no answer from ") + origin.text + [UInt8](": ") + error.text)
                }
            }
            Clock.sleep(milliseconds: 100 << Int64(attempt), until: deadline)
            attempt += 1
        }
    }

    private static func refused(_ origin: Origin, _ status: Int) -> Failure {
        var text = origin.text
        text.append(" answered with status ")
        text.append(decimal: status)
        return .credentials(text)
    }

    /// Reads a document in the form that container and instance services answer with.
    private static func credentials(_ body: [UInt8], of origin: Origin) throws(Failure) -> Credentials {
        let limits = JSONLimits(bytes: 1 << 16, depth: 8, values: 200)
        guard let json = try? JSON.parse(body, limits: limits), let access = json["AccessKeyId"]?.utf8,
            let secret = json["SecretAccessKey"]?.utf8,
            let credentials = Credentials(
                accessKey: access, secretKey: secret, sessionToken: json["Token"]?.utf8,
                expiry: json["Expiration"]?.utf8.flatMap(AWSTime.unixTime(parsing:)))
        else { throw .credentials(origin.text + [UInt8](" answered with something else")) }
        return credentials
    }
}
