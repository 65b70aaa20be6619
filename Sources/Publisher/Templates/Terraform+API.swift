internal import AWS
internal import ByteKit
internal import JSON

extension Terraform {
    /// The address that the function can be called at; its ARN when there is none.
    mutating func addAPI(_ deployment: Deployment, _ function: Function) {
        guard let api = deployment.api else {
            return output(
                labels.lined(function.label, "arn"), "What \(deployment.name) is called by",
                Self.attribute(function.alias, "arn"))
        }
        let address =
            switch api.kind {
            case .url: addURL(api, function)
            case .http: addHTTPAPI(api, deployment, function)
            case .rest: addRESTAPI(api, deployment, function)
            }
        output(labels.lined(function.label, "address"), "Where \(deployment.name) can be called", address)
    }

    private mutating func addURL(_ api: Deployment.API, _ function: Function) -> JSON {
        let place = resource(
            "aws_lambda_function_url", function.label,
            [
                ("function_name", Self.attribute(function.place, "function_name")),
                ("qualifier", Self.attribute(function.alias, "name")),
                ("authorization_type", .string(api.authorizationType)), ("cors", api.cors.map(Self.cors) ?? .null),
                ("invoke_mode", api.isStreamed ? .string("RESPONSE_STREAM") : .null),
            ])
        for (number, permission) in FunctionURLPart.permissions(api).enumerated() {
            add(permission, for: function, "url_\(number + 1)")
        }
        return Self.attribute(place, "function_url")
    }

    private static func cors(_ cors: CORS) -> JSON {
        let lists: [(name: StaticString, json: JSON)] = [
            ("allow_origins", texts(cors.origins)), ("allow_methods", texts(cors.methods)),
            ("allow_headers", texts(cors.headers)),
        ]
        return .object(lists.filter { $0.json != .array([]) })
    }

    // MARK: - HTTP

    private mutating func addHTTPAPI(_ api: Deployment.API, _ deployment: Deployment, _ function: Function) -> JSON {
        let tags = JSON.record(deployment.tags)
        let place = resource(
            "aws_apigatewayv2_api", function.label,
            [
                ("name", .string(api.name)), ("protocol_type", .string("HTTP")),
                ("cors_configuration", api.cors.map(Self.cors) ?? .null), ("tags", tags),
            ])
        let id = Self.attribute(place, "id")
        let integration = resource(
            "aws_apigatewayv2_integration", function.label,
            [
                ("api_id", id), ("integration_type", .string("AWS_PROXY")), ("integration_method", .string("POST")),
                ("integration_uri", Self.attribute(function.alias, "arn")), ("payload_format_version", .string("2.0")),
                ("timeout_milliseconds", .integer(HTTPAPI.longestWait)),
            ])
        let authorizer = addAuthorizer(api, id, function)
        for (number, route) in api.routes.enumerated() {
            resource(
                "aws_apigatewayv2_route", labels.lined(function.label, "route_\(number + 1)"),
                [
                    ("api_id", id), ("route_key", .string(route.key)),
                    ("target", .string("integrations/" + Placeholder.text("\(integration).id"))),
                    ("authorization_type", .string(route.authorization)),
                    ("authorizer_id", route.authorization == "JWT" ? authorizer : .null),
                ])
        }
        let stage = resource(
            "aws_apigatewayv2_stage", function.label,
            [("api_id", id), ("name", .string(api.stage)), ("auto_deploy", .bool(true)), ("tags", tags)])
        add(HTTPAPIPart.permission(Placeholder.text("\(place).id"), names), for: function, "http_api")
        return Self.attribute(stage, "invoke_url")
    }

    private mutating func addAuthorizer(_ api: Deployment.API, _ id: JSON, _ function: Function) -> JSON {
        guard case .jwt(let issuer, let audience) = api.authorization else { return .null }
        let configuration: [(name: StaticString, json: JSON)] = [
            ("issuer", .string(issuer)), ("audience", Self.texts(audience)),
        ]
        let place = resource(
            "aws_apigatewayv2_authorizer", function.label,
            [
                ("api_id", id), ("name", .string(api.name)), ("authorizer_type", .string("JWT")),
                ("identity_sources", Self.texts([HTTPAPI.tokenSource])),
                ("jwt_configuration", .object(configuration)),
            ])
        return Self.attribute(place, "id")
    }

    // MARK: - REST

    private mutating func addRESTAPI(_ api: Deployment.API, _ deployment: Deployment, _ function: Function) -> JSON {
        let tags = JSON.record(deployment.tags)
        let target = names.functionARN(deployment.name, alias: deployment.alias)
        let document = RESTAPIPart.document(for: api, calling: target, names)
        let place = resource(
            "aws_api_gateway_rest_api", function.label,
            [
                ("name", .string(api.name)),
                ("endpoint_configuration", .object(named: [("types", Self.texts(["REGIONAL"]))])),
                ("body", Self.document(document)), ("tags", tags),
            ])
        let id = Self.attribute(place, "id")
        // A deployment never changes: for another document there is another, before the old one goes.
        let deployed = resource(
            "aws_api_gateway_deployment", function.label,
            [
                ("rest_api_id", id), ("triggers", .object([("document", .string(Digest(of: document.text()).hex))])),
                ("lifecycle", .object([("create_before_destroy", .bool(true))])),
            ])
        let stage = resource(
            "aws_api_gateway_stage", function.label,
            [
                ("rest_api_id", id), ("deployment_id", Self.attribute(deployed, "id")),
                ("stage_name", .string(api.stage)), ("tags", tags),
            ])
        add(RESTAPIPart.permission(Placeholder.text("\(place).id"), names), for: function, "rest_api")
        return Self.attribute(stage, "invoke_url")
    }
}
