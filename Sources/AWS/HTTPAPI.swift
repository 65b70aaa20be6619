internal import JSON
internal import Transport

/// API Gateway's HTTP APIs. API reference, "Amazon API Gateway Version 2".
package struct HTTPAPI: Sendable {
    package let client: AWSClient

    package init(_ client: AWSClient) { self.client = client }

    private static let apis = "/v2/apis"

    /// An API with what is in it.
    package struct API: Sendable, Equatable {
        package var id: String
        package var name: String
        /// `https://….execute-api.….amazonaws.com`.
        package var endpoint: String
        package var tags: [String: String]
        package var cors: CORS?
        package var integrations: [Integration] = []
        package var routes: [Route] = []
        package var stages: [String] = []
        /// All of them, whether a route uses them or not: no two of an API may have one name.
        package var authorizers: [Authorizer] = []
    }

    package struct Integration: Sendable, Equatable {
        package var id: String
        package var target: String
        package var payloadFormat: String
    }

    package struct Route: Sendable, Equatable {
        package var id: String
        /// `ANY /{proxy+}`, `$default`.
        package var key: String
        /// `integrations/ID`.
        package var target: String
        /// `NONE`, `AWS_IAM`, `JWT`.
        package var authorization: String
        /// Empty to take away the one that there was: a change that does not name it leaves it.
        package var authorizer: String?

        package init(id: String, key: String, target: String, authorization: String, authorizer: String?) {
            self.id = id
            self.key = key
            self.target = target
            self.authorization = authorization
            self.authorizer = authorizer
        }
    }

    package struct Authorizer: Sendable, Equatable {
        package var id: String
        package var name: String
        package var issuer: String
        package var audience: [String]
    }

    // MARK: Reading

    /// How long an API waits for a function, in milliseconds: the longest there is.
    package static let longestWait = 30_000
    /// What a function gets a request as.
    package static let payloadFormat = "2.0"
    /// Where an authorizer finds a caller's token.
    package static let tokenSource = "$request.header.Authorization"

    /// The APIs that carry a tag, with all that is in them.
    package func apis(tagged name: String, _ value: String) throws(AWSError) -> [API] {
        var found: [API] = []
        for item in try list("GetApis", Self.apis) where item["tags"]?.texts[name] == value {
            let id = item["apiId"]?.string ?? ""
            var api = API(
                id: id, name: item["name"]?.string ?? "", endpoint: item["apiEndpoint"]?.string ?? "",
                tags: item["tags"]?.texts ?? [:], cors: Self.cors(item["corsConfiguration"]))
            api.integrations = try list("GetIntegrations", "\(Self.apis)/\(id)/integrations").map {
                Integration(
                    id: $0["integrationId"]?.string ?? "", target: $0["integrationUri"]?.string ?? "",
                    payloadFormat: $0["payloadFormatVersion"]?.string ?? "")
            }
            api.routes = try list("GetRoutes", "\(Self.apis)/\(id)/routes").map {
                Route(
                    id: $0["routeId"]?.string ?? "", key: $0["routeKey"]?.string ?? "",
                    target: $0["target"]?.string ?? "", authorization: $0["authorizationType"]?.string ?? "NONE",
                    authorizer: $0["authorizerId"]?.string.flatMap { $0.isEmpty ? nil : $0 })
            }
            api.stages = try list("GetStages", "\(Self.apis)/\(id)/stages").compactMap { $0["stageName"]?.string }
            api.authorizers = try list("GetAuthorizers", "\(Self.apis)/\(id)/authorizers").map {
                Authorizer(
                    id: $0["authorizerId"]?.string ?? "", name: $0["name"]?.string ?? "",
                    issuer: $0["jwtConfiguration"]?["issuer"]?.string ?? "",
                    audience: ($0["jwtConfiguration"]?["audience"]?.array ?? []).compactMap(\.string))
            }
            found.append(api)
        }
        return found
    }

    private func list(_ operation: String, _ path: String) throws(AWSError) -> [JSON] {
        var found: [JSON] = []
        var (tokens, next) = (PageTokens(), String?.none)
        repeat {
            let query = next.map { [(name: "nextToken", value: $0)] } ?? []
            let json = try client.json(AWSRequest(.httpAPI, operation, .get, path, query: query))
            found += json["items"]?.array ?? []
            next = try tokens.next(json["nextToken"]?.string, after: operation)
        } while next != nil
        return found
    }

    private static func cors(_ json: JSON?) -> CORS? {
        guard let json, !json.isNull else { return nil }
        func texts(_ list: JSON?) -> [String] { (list?.array ?? []).compactMap(\.string) }
        return CORS(
            origins: texts(json["allowOrigins"]), methods: texts(json["allowMethods"]),
            headers: texts(json["allowHeaders"]))
    }

    // MARK: Changing

    /// Makes an API, with nothing in it yet.
    package func create(_ name: String, cors: CORS?, tags: [String: String]) throws(AWSError) -> API {
        var members: [(name: StaticString, json: JSON)] = [
            ("name", .string(name)), ("protocolType", .string("HTTP")), ("tags", .record(tags)),
        ]
        if let cors { members.append(("corsConfiguration", Self.json(cors))) }
        let json = try answer("CreateApi", .post, Self.apis, members)
        return API(
            id: json["apiId"]?.string ?? "", name: name, endpoint: json["apiEndpoint"]?.string ?? "", tags: tags,
            cors: cors)
    }

    package func update(_ id: String, name: String, cors: CORS?) throws(AWSError) {
        var members: [(name: StaticString, json: JSON)] = [("name", .string(name))]
        if let cors { members.append(("corsConfiguration", Self.json(cors))) }
        _ = try make("UpdateApi", .patch, "\(Self.apis)/\(id)", members, "apiId")
        if cors == nil { try delete("DeleteCorsConfiguration", "\(Self.apis)/\(id)/cors") }
    }

    package func delete(_ id: String) throws(AWSError) { try delete("DeleteApi", "\(Self.apis)/\(id)") }

    /// Makes an integration that hands everything to a function, or changes the one of this id; gives its id.
    package func putIntegration(_ id: String?, of api: String, calling arn: String) throws(AWSError) -> String {
        let path = "\(Self.apis)/\(api)/integrations" + (id.map { "/\($0)" } ?? "")
        return try make(
            id == nil ? "CreateIntegration" : "UpdateIntegration", id == nil ? .post : .patch, path,
            [
                ("integrationType", .string("AWS_PROXY")), ("integrationMethod", .string("POST")),
                ("integrationUri", .string(arn)), ("payloadFormatVersion", .string(Self.payloadFormat)),
                ("timeoutInMillis", .integer(Self.longestWait)),
            ], "integrationId")
    }

    package func putRoute(_ route: Route, of api: String) throws(AWSError) {
        let isNew = route.id.isEmpty
        var members: [(name: StaticString, json: JSON)] = [
            ("routeKey", .string(route.key)), ("target", .string(route.target)),
            ("authorizationType", .string(route.authorization)),
        ]
        if let authorizer = route.authorizer { members.append(("authorizerId", .string(authorizer))) }
        _ = try make(
            isNew ? "CreateRoute" : "UpdateRoute", isNew ? .post : .patch,
            "\(Self.apis)/\(api)/routes" + (isNew ? "" : "/\(route.id)"), members, "routeId")
    }

    package func deleteRoute(_ id: String, of api: String) throws(AWSError) {
        try delete("DeleteRoute", "\(Self.apis)/\(api)/routes/\(id)")
    }

    /// Makes an authorizer that checks tokens, or changes the one of this id; gives its id.
    package func putAuthorizer(
        _ id: String?, of api: String, name: String, issuer: String, audience: [String]
    ) throws(AWSError) -> String {
        let path = "\(Self.apis)/\(api)/authorizers" + (id.map { "/\($0)" } ?? "")
        let configuration: [(name: StaticString, json: JSON)] = [
            ("issuer", .string(issuer)), ("audience", .array(audience.map { .string($0) })),
        ]
        return try make(
            id == nil ? "CreateAuthorizer" : "UpdateAuthorizer", id == nil ? .post : .patch, path,
            [
                ("name", .string(name)), ("authorizerType", .string("JWT")),
                ("identitySource", .array([.string(Self.tokenSource)])),
                ("jwtConfiguration", .object(configuration)),
            ], "authorizerId")
    }

    /// Removes an authorizer; one that is gone is fine, and one that a route uses is not.
    package func deleteAuthorizer(_ id: String, of api: String) throws(AWSError) {
        try delete("DeleteAuthorizer", "\(Self.apis)/\(api)/authorizers/\(id)")
    }

    package func createStage(_ name: String, of api: String, tags: [String: String]) throws(AWSError) {
        _ = try make(
            "CreateStage", .post, "\(Self.apis)/\(api)/stages",
            [("stageName", .string(name)), ("autoDeploy", .bool(true)), ("tags", .record(tags))], "stageName")
    }

    package func deleteStage(_ name: String, of api: String) throws(AWSError) {
        try delete("DeleteStage", "\(Self.apis)/\(api)/stages/\(URL.encode(name))")
    }

    private func make(
        _ operation: String, _ method: HTTPMethod, _ path: String, _ members: [(name: StaticString, json: JSON)],
        _ id: StaticString
    ) throws(AWSError) -> String {
        try answer(operation, method, path, members)[id]?.string ?? ""
    }

    private func answer(
        _ operation: String, _ method: HTTPMethod, _ path: String, _ members: [(name: StaticString, json: JSON)]
    ) throws(AWSError) -> JSON {
        var request = AWSRequest(.httpAPI, operation, method, path, json: .object(members))
        // What is made twice is there twice, under two ids.
        request.isRepeatable = method != .post
        return try client.json(request)
    }

    private func delete(_ operation: String, _ path: String) throws(AWSError) {
        do throws(AWSError) {
            _ = try client.send(AWSRequest(.httpAPI, operation, .delete, path))
        } catch {
            guard error.isNotFound else { throw error }
        }
    }

    private static func json(_ cors: CORS) -> JSON {
        func texts(_ list: [String]) -> JSON { .array(list.map { .string($0) }) }
        let members: [(name: StaticString, json: JSON)] = [
            ("allowOrigins", texts(cors.origins)), ("allowMethods", texts(cors.methods)),
            ("allowHeaders", texts(cors.headers)),
        ]
        return .object(members)
    }
}
