internal import Transport

/// Credentials of the machine that this runs on.
extension CredentialChain {
    // MARK: Containers

    /// ECS, EKS Pod Identity and CodeBuild. AWS SDKs and Tools Reference, "Container credential provider".
    func fromContainer() throws(AWSError) -> Credentials? {
        let address: String
        if let relative = configuration.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
            address = "http://169.254.170.2" + (relative.hasPrefix("/") ? relative : "/" + relative)
        } else if let full = configuration.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
            address = full
        } else {
            return nil
        }
        let source = "the container's credentials"
        let url = try Self.url(address, what: "AWS_CONTAINER_CREDENTIALS_FULL_URI")
        // Anybody could set the variable; what it names gets our token, so it must be one of the places there are.
        let isKnown = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"].contains(url.host)
        guard url.scheme == .https || url.scope == .loopback || isKnown else {
            throw AWSError(
                .credentials, "\(source): \(url) is neither encrypted nor one of the addresses of container services")
        }
        var headers: HTTPHeaders = [:]
        if let file = configuration.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
            headers["authorization"] = try Self.text(of: file, what: "the token for \(source)")
        } else {
            headers["authorization"] = configuration.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN")
        }
        var request = HTTPRequest(.get, url, headers: headers, timeLimit: .seconds(5))
        request.isForMetadata = isKnown
        return try Self.credentials(in: try ask(request, source: source), source: source)
    }

    // MARK: Instances

    /// EC2's metadata service, version 2 only: version 1 gives credentials to whoever can make us fetch an address.
    /// Amazon EC2, "Use the Instance Metadata Service to access instance metadata".
    func fromInstance() throws(AWSError) -> Credentials? {
        guard configuration.variable("AWS_EC2_METADATA_DISABLED")?.lowercased() != "true" else { return nil }
        let address = configuration.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT") ?? "http://169.254.169.254"
        let base = try Self.url(address, what: "AWS_EC2_METADATA_SERVICE_ENDPOINT")
        let source = "the instance's role"
        func request(_ method: HTTPMethod, _ path: String, _ headers: HTTPHeaders) -> HTTPRequest {
            var request = HTTPRequest(method, base.with(path: path), headers: headers, timeLimit: .seconds(2))
            request.isForMetadata = base.scope == .linkLocal
            return request
        }
        let token: String
        do {
            let answer = try transport.collect(
                request(.put, "/latest/api/token", ["x-aws-ec2-metadata-token-ttl-seconds": "21600"]), limit: 1 << 16)
            guard answer.response.isSuccess else { return nil }
            token = String(decoding: answer.body, as: UTF8.self)
        } catch {
            // Nobody there: this is no EC2 instance.
            if error.code == .cancelled { throw .cancelled }
            return nil
        }
        let headers: HTTPHeaders = ["x-aws-ec2-metadata-token": token]
        let path = "/latest/meta-data/iam/security-credentials/"
        let answer = try collect(request(.get, path, headers))
        guard answer.response.isSuccess,
            let role = String(decoding: answer.body, as: UTF8.self).split(whereSeparator: \.isNewline).first
        else { return nil }
        let body = try ask(request(.get, path + URL.encode(String(role)), headers), source: source)
        return try Self.credentials(in: body, source: source)
    }

    // MARK: Exchanges

    func ask(_ request: HTTPRequest, source: String) throws(AWSError) -> [UInt8] {
        var attempt = 0
        while true {
            attempt += 1
            let answer = try collect(request)
            if answer.response.isSuccess { return answer.body }
            guard answer.response.status >= 500, attempt < 3, time.sleep(.milliseconds(200 << attempt)) else {
                throw AWSError(.credentials, "\(source): \(request.url) answered with status \(answer.response.status)")
            }
        }
    }

    private func collect(_ request: HTTPRequest) throws(AWSError) -> (response: HTTPResponse, body: [UInt8]) {
        do throws(TransportError) {
            return try transport.collect(request, limit: 1 << 20)
        } catch {
            throw AWSError(error, operation: nil)
        }
    }

    private static func url(_ text: String, what: String) throws(AWSError) -> URL {
        do throws(TransportError) {
            return try URL(parsing: text)
        } catch {
            throw AWSError(.configuration, "\(what) is no address: \(error.detail)")
        }
    }
}
