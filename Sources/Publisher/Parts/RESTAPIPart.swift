internal import AWS
internal import ByteKit
internal import JSON

/// A REST API whose every path calls the function.
///
/// Its content is one OpenAPI document, put as a whole. The document's sum describes the deployment, which comes last: a
/// stage that has another one is not finished.
struct RESTAPIPart: Part {
    private static let fact = "rest-api"
    static let permission = "scar-build-rest-api"

    func changes(for deployment: Deployment, after before: [Change], _ session: Session) throws -> [Change] {
        let there = try session.restAPIs.apis(tagged: Deployment.ownerTag, deployment.name)
        guard let api = deployment.api, api.kind == .rest else {
            var changes = there.map { old in
                Change(.remove, "REST API", old.name) { try $0.restAPIs.delete(old.id) }
            }
            if !there.isEmpty {
                changes.append(
                    Change(.remove, "permission", Self.permission) {
                        try $0.lambda.removePermission(
                            Self.permission, from: deployment.name, qualifier: deployment.alias)
                    })
            }
            return changes
        }
        let target = session.functionARN(deployment.name, alias: deployment.alias)
        let document = Self.document(for: api, calling: target, session)
        let sum = Digest(of: document.text() + Array(api.stage.utf8)).hex
        let found = there.first
        if let found {
            session.note(Self.fact, found.id)
            session.note("url", Self.address(found.id, stage: api.stage, session))
        }
        // One whose making was not heard of is there beside the one that was made then.
        var changes = there.dropFirst().map { old in
            Change(.remove, "REST API", "\(old.name) (\(old.id))") { try $0.restAPIs.delete(old.id) }
        }
        if found?.stages[api.stage] != sum {
            changes.append(change(found, api, deployment, document, sum))
        }
        let permissions = try session.lambda.permissions(deployment.name, qualifier: deployment.alias)
        let old = permissions.first { $0.id == Self.permission }
        if old == nil || old != found.map({ Self.permission($0.id, session) }) {
            changes.append(
                Change(
                    old == nil ? .create : .update, "permission", Self.permission,
                    [.init("may call", to: "the API \(api.name)")]
                ) { session in
                    guard let id = session.fact(Self.fact) else { return }
                    try PermissionChanges.put(Self.permission(id, session), deployment, session)
                })
        }
        return changes
    }

    private func change(
        _ found: RESTAPI.API?, _ api: Deployment.API, _ deployment: Deployment, _ document: JSON, _ sum: String
    ) -> Change {
        let details: [Change.Detail] = [
            .init("stage", from: found?.stages.keys.sorted().joined(separator: ", "), to: api.stage),
            .init("who may call", to: api.authorizationType),
        ]
        let tags = deployment.allTags
        return Change(found == nil ? .create : .update, "REST API", api.name, details) { session in
            let id = try found?.id ?? session.restAPIs.create(api.name, tags: tags)
            session.note(Self.fact, id)
            try session.restAPIs.put(document, into: id)
            try session.restAPIs.deploy(id, stage: api.stage, description: sum)
            session.note("url", Self.address(id, stage: api.stage, session))
        }
    }

    static func address(_ id: String, stage: String, _ session: Session) -> String {
        "https://\(id).execute-api.\(session.region.name).\(session.region.domain)/\(stage)"
    }

    static func permission(_ id: String, _ names: some Naming) -> LambdaAPI.Permission {
        LambdaAPI.Permission(
            id: permission, principal: "apigateway.amazonaws.com", sourceARN: names.apiARN(id, "*/*"))
    }

    /// API Gateway Developer Guide, "OpenAPI extensions for API Gateway".
    static func document(for api: Deployment.API, calling arn: String, _ names: some Naming) -> JSON {
        let uri = names.integrationARN(arn)
        var method: [(name: StaticString, json: JSON)] = [
            (
                "x-amazon-apigateway-integration",
                .object([
                    ("type", .string("aws_proxy")), ("httpMethod", .string("POST")), ("uri", .string(uri)),
                    ("passthroughBehavior", .string("when_no_match")),
                ])
            ),
            ("responses", .object([])),
        ]
        if api.authorization == .iam {
            method.append(("security", .array([.object([("sigv4", .array([]))])])))
            method.append(("x-amazon-apigateway-auth", .object([("type", .string("AWS_IAM"))])))
        }
        let parameter = JSON.object([
            ("name", .string("proxy")), ("in", .string("path")), ("required", .bool(true)),
            ("schema", .object([("type", .string("string"))])),
        ])
        let any = JSON.object(method)
        let proxy = JSON.object(method + [("parameters", .array([parameter]))])
        let (root, below): ([(name: StaticString, json: JSON)], [(name: StaticString, json: JSON)]) = (
            [("x-amazon-apigateway-any-method", any)], [("x-amazon-apigateway-any-method", proxy)]
        )
        let paths: [(name: StaticString, json: JSON)] = [("/", .object(root)), ("/{proxy+}", .object(below))]
        var members: [(name: StaticString, json: JSON)] = [
            ("openapi", .string("3.0.1")),
            ("info", .object([("title", .string(api.name)), ("version", .string("1"))])), ("paths", .object(paths)),
            ("x-amazon-apigateway-binary-media-types", .array([.string("*/*")])),
        ]
        if api.authorization == .iam {
            let scheme: [(name: StaticString, json: JSON)] = [
                ("type", .string("apiKey")), ("name", .string("Authorization")), ("in", .string("header")),
                ("x-amazon-apigateway-authtype", .string("awsSigv4")),
            ]
            members.append(("components", .object([("securitySchemes", .object([("sigv4", .object(scheme))]))])))
        }
        return .object(members)
    }
}
