internal import AWS
internal import ByteKit
internal import JSON

extension CloudFormation {
    /// The address that the function can be called at; its ARN when there is none.
    mutating func addAPI(_ deployment: Deployment, _ function: Function) {
        guard let api = deployment.api else {
            return output(labels.joined(function.title, "Arn"), "What \(deployment.name) is called by", function.alias)
        }
        let address =
            switch api.kind {
            case .url: addURL(api, deployment, function)
            case .http: addHTTPAPI(api, deployment, function)
            case .rest: addRESTAPI(api, deployment, function)
            }
        output(labels.joined(function.title, "Address"), "Where \(deployment.name) can be called", address)
    }

    private mutating func addURL(_ api: Deployment.API, _ deployment: Deployment, _ function: Function) -> JSON {
        let label = labels.joined(function.title, "URL")
        var properties: [(name: StaticString, json: JSON)] = [
            ("TargetFunctionArn", .string(deployment.name)), ("Qualifier", .string(deployment.alias)),
            ("AuthType", .string(api.authorizationType)),
        ]
        if let cors = api.cors { properties.append(("Cors", Self.cors(cors))) }
        if api.isStreamed { properties.append(("InvokeMode", .string("RESPONSE_STREAM"))) }
        resource(label, "AWS::Lambda::Url", after: [function.aliasLabel], properties)
        for (number, permission) in FunctionURLPart.permissions(api).enumerated() {
            add(permission, for: function, "URLPermission\(number + 1)")
        }
        return Self.attribute(label, "FunctionUrl")
    }

    private static func cors(_ cors: CORS) -> JSON {
        let lists: [(name: StaticString, json: JSON)] = [
            ("AllowOrigins", texts(cors.origins)), ("AllowMethods", texts(cors.methods)),
            ("AllowHeaders", texts(cors.headers)),
        ]
        return .object(lists.filter { $0.json != .array([]) })
    }

    // MARK: - HTTP

    private mutating func addHTTPAPI(_ api: Deployment.API, _ deployment: Deployment, _ function: Function) -> JSON {
        let label = labels.joined(function.title, "HTTPAPI")
        let (integration, stage) = (labels.joined(label, "Integration"), labels.joined(label, "Stage"))
        var properties: [(name: StaticString, json: JSON)] = [
            ("Name", .string(api.name)), ("ProtocolType", .string("HTTP")), ("Tags", .record(deployment.tags)),
        ]
        if let cors = api.cors { properties.append(("CorsConfiguration", Self.cors(cors))) }
        resource(label, "AWS::ApiGatewayV2::Api", properties)
        resource(
            integration, "AWS::ApiGatewayV2::Integration",
            [
                ("ApiId", Self.reference(label)), ("IntegrationType", .string("AWS_PROXY")),
                ("IntegrationMethod", .string("POST")), ("IntegrationUri", function.alias),
                ("PayloadFormatVersion", .string("2.0")), ("TimeoutInMillis", .integer(HTTPAPI.longestWait)),
            ])
        let authorizer = addAuthorizer(api, label)
        for (number, route) in api.routes.enumerated() {
            var properties: [(name: StaticString, json: JSON)] = [
                ("ApiId", Self.reference(label)), ("RouteKey", .string(route.key)),
                ("Target", .string("integrations/" + Placeholder.text(integration))),
                ("AuthorizationType", .string(route.authorization)),
            ]
            if route.authorization == "JWT", let authorizer { properties.append(("AuthorizerId", authorizer)) }
            resource(labels.joined(label, "Route\(number + 1)"), "AWS::ApiGatewayV2::Route", properties)
        }
        resource(
            stage, "AWS::ApiGatewayV2::Stage",
            [
                ("ApiId", Self.reference(label)), ("StageName", .string(api.stage)), ("AutoDeploy", .bool(true)),
                ("Tags", .record(deployment.tags)),
            ])
        add(HTTPAPIPart.permission(Placeholder.text(label), names), for: function, "HTTPAPIPermission")
        return .string(Placeholder.text(label + ".ApiEndpoint") + "/" + api.stage)
    }

    private mutating func addAuthorizer(_ api: Deployment.API, _ label: String) -> JSON? {
        guard case .jwt(let issuer, let audience) = api.authorization else { return nil }
        let authorizer = labels.joined(label, "Authorizer")
        resource(
            authorizer, "AWS::ApiGatewayV2::Authorizer",
            [
                ("ApiId", Self.reference(label)), ("Name", .string(api.name)), ("AuthorizerType", .string("JWT")),
                ("IdentitySource", Self.texts([HTTPAPI.tokenSource])),
                (
                    "JwtConfiguration",
                    .object(named: [("Issuer", .string(issuer)), ("Audience", Self.texts(audience))])
                ),
            ])
        return Self.reference(authorizer)
    }

    // MARK: - REST

    private mutating func addRESTAPI(_ api: Deployment.API, _ deployment: Deployment, _ function: Function) -> JSON {
        let label = labels.joined(function.title, "RESTAPI")
        let stage = labels.joined(label, "Stage")
        let target = names.functionARN(deployment.name, alias: deployment.alias)
        let document = RESTAPIPart.document(for: api, calling: target, names)
        resource(
            label, "AWS::ApiGateway::RestApi",
            [
                ("Name", .string(api.name)),
                ("EndpointConfiguration", .object(named: [("Types", Self.texts(["REGIONAL"]))])),
                ("Body", document), ("Tags", Self.tags(deployment.tags)),
            ])
        // A deployment never changes, so another one has another label.
        let sum = Digest(of: document.text()).hex
        let deployed = labels.joined(label, "Deployment", String(sum.prefix(12)))
        resource(deployed, "AWS::ApiGateway::Deployment", [("RestApiId", Self.reference(label))])
        resource(
            stage, "AWS::ApiGateway::Stage",
            [
                ("RestApiId", Self.reference(label)), ("DeploymentId", Self.reference(deployed)),
                ("StageName", .string(api.stage)), ("Tags", Self.tags(deployment.tags)),
            ])
        add(RESTAPIPart.permission(Placeholder.text(label), names), for: function, "RESTAPIPermission")
        let host = "\(Placeholder.text(label)).execute-api.\(names.regionName).\(names.domain)"
        return .string("https://\(host)/\(api.stage)")
    }
}
