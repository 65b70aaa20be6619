internal import AWS

/// An HTTP API whose every path calls the function.
struct HTTPAPIPart: Part {
    /// What says in the session which API it is.
    private static let fact = "http-api"
    private static let permission = "scar-build-http-api"

    static func permission(_ id: String, _ names: some Naming) -> LambdaAPI.Permission {
        LambdaAPI.Permission(
            id: permission, principal: "apigateway.amazonaws.com", sourceARN: names.apiARN(id, "*/*"))
    }

    func changes(for deployment: Deployment, after before: [Change], _ session: Session) throws -> [Change] {
        let there = try session.httpAPIs.apis(tagged: Deployment.ownerTag, deployment.name)
        guard let api = deployment.api, api.kind == .http else {
            return there.map { old in
                Change(.remove, "HTTP API", old.name) { try $0.httpAPIs.delete(old.id) }
            } + (there.isEmpty ? [] : removal(of: Self.permission, deployment))
        }
        let wanted = Wanted(api, deployment, session)
        guard let found = there.first else {
            return [creation(wanted, deployment), permissionChange(wanted, deployment, isNew: true)]
        }
        session.note(Self.fact, found.id)
        session.note("url", "\(found.endpoint)/\(api.stage)")
        // One whose making was not heard of is there beside the one that was made then.
        var changes = there.dropFirst().map { old in
            Change(.remove, "HTTP API", "\(old.name) (\(old.id))") { try $0.httpAPIs.delete(old.id) }
        }
        changes += updates(found, wanted, deployment)
        let permissions = try session.lambda.permissions(deployment.name, qualifier: deployment.alias)
        if permissions.first(where: { $0.id == Self.permission }) != Self.permission(found.id, session) {
            changes.append(permissionChange(wanted, deployment, isNew: false))
        }
        return changes
    }

    /// What the API should consist of.
    private struct Wanted {
        let api: Deployment.API
        let target: String

        init(_ api: Deployment.API, _ deployment: Deployment, _ session: Session) {
            self.api = api
            target = session.functionARN(deployment.name, alias: deployment.alias)
        }

        /// Whether an integration hands everything to the function, and as it is understood there.
        func isMet(by integration: HTTPAPI.Integration?) -> Bool {
            integration?.target == target && integration?.payloadFormat == HTTPAPI.payloadFormat
        }

        /// Which authorizer of an API checks the tokens. Its name says it: after a stop no route may use it yet.
        func authorizer(among all: [HTTPAPI.Authorizer]) -> HTTPAPI.Authorizer? {
            guard case .jwt = api.authorization else { return nil }
            return all.first { $0.name == api.name } ?? all.first
        }

        func isMet(by authorizer: HTTPAPI.Authorizer?) -> Bool {
            guard case .jwt(let issuer, let audience) = api.authorization else { return authorizer == nil }
            return authorizer?.name == api.name && authorizer?.issuer == issuer && authorizer?.audience == audience
        }
    }

    // MARK: Changes

    private func creation(_ wanted: Wanted, _ deployment: Deployment) -> Change {
        let api = wanted.api
        var details: [Change.Detail] = [
            .init("stage", to: api.stage), .init("who may call", to: api.authorizationType),
        ]
        if let cors = api.cors { details.append(.init("CORS", to: FunctionURLPart.text(cors))) }
        let tags = deployment.allTags
        return Change(.create, "HTTP API", api.name, details) { session in
            let made = try session.httpAPIs.create(api.name, cors: api.cors, tags: tags)
            session.note(Self.fact, made.id)
            // What is missing is made as it is after an interrupted run.
            try Self.complete(made, wanted, tags, session)
            session.note("url", "\(made.endpoint)/\(api.stage)")
        }
    }

    private func updates(_ found: HTTPAPI.API, _ wanted: Wanted, _ deployment: Deployment) -> [Change] {
        let api = wanted.api
        var details: [Change.Detail] = []
        if found.name != api.name { details.append(.init("name", from: found.name, to: api.name)) }
        if found.cors != api.cors {
            details.append(
                .init(
                    "CORS", from: found.cors.map(FunctionURLPart.text),
                    to: api.cors.map(FunctionURLPart.text) ?? "none"))
        }
        if !found.stages.contains(api.stage) {
            details.append(.init("stage", from: found.stages.joined(separator: ", "), to: api.stage))
        }
        let integration = found.integrations.first
        if integration?.target != wanted.target {
            details.append(.init("calls", from: integration?.target, to: wanted.target))
        } else if !wanted.isMet(by: integration) {
            details.append(.init("payload format", from: integration?.payloadFormat, to: HTTPAPI.payloadFormat))
        }
        let there = found.routes.map { "\($0.key) \($0.authorization)" }.sorted()
        let routes = wanted.api.routes.map { "\($0.key) \($0.authorization)" }.sorted()
        if there != routes {
            details.append(
                .init("routes", from: there.joined(separator: ", "), to: routes.joined(separator: ", ")))
        }
        let authorizer = wanted.authorizer(among: found.authorizers)
        if case .jwt(let issuer, _) = api.authorization, !wanted.isMet(by: authorizer) {
            details.append(.init("tokens of", from: authorizer?.issuer, to: issuer))
        }
        for old in found.authorizers where old.id != authorizer?.id {
            details.append(.init("tokens of", from: old.issuer, to: "nobody"))
        }
        guard !details.isEmpty else { return [] }
        let tags = deployment.allTags
        return [
            Change(.update, "HTTP API", api.name, details) { session in
                if found.name != api.name || found.cors != api.cors {
                    try session.httpAPIs.update(found.id, name: api.name, cors: api.cors)
                }
                try Self.complete(found, wanted, tags, session)
                session.note("url", "\(found.endpoint)/\(api.stage)")
            }
        ]
    }

    /// Makes what an API lacks, and takes away what it should not have.
    private static func complete(
        _ found: HTTPAPI.API, _ wanted: Wanted, _ tags: [String: String], _ session: Session
    ) throws {
        let (api, id) = (session.httpAPIs, found.id)
        var integration = found.integrations.first?.id
        if !wanted.isMet(by: found.integrations.first) {
            integration = try api.putIntegration(integration, of: id, calling: wanted.target)
        }
        var authorizer: String?
        if case .jwt(let issuer, let audience) = wanted.api.authorization {
            let old = wanted.authorizer(among: found.authorizers)
            authorizer = old?.id
            if !wanted.isMet(by: old) {
                authorizer = try api.putAuthorizer(
                    old?.id, of: id, name: wanted.api.name, issuer: issuer, audience: audience)
            }
        }
        for wish in wanted.api.routes {
            let (key, authorization) = (wish.key, wish.authorization)
            var route = HTTPAPI.Route(
                id: "", key: key, target: "integrations/\(integration ?? "")", authorization: authorization,
                authorizer: authorization == "JWT" ? authorizer : nil)
            if let old = found.routes.first(where: { $0.key == key }) {
                route.id = old.id
                if old.authorizer != nil, route.authorizer == nil { route.authorizer = "" }
                guard old != route else { continue }
            }
            try api.putRoute(route, of: id)
        }
        for old in found.routes where !wanted.api.routes.contains(where: { $0.key == old.key }) {
            try api.deleteRoute(old.id, of: id)
        }
        // Now that no route uses them any more.
        for old in found.authorizers where old.id != authorizer { try api.deleteAuthorizer(old.id, of: id) }
        if !found.stages.contains(wanted.api.stage) { try api.createStage(wanted.api.stage, of: id, tags: tags) }
        for old in found.stages where old != wanted.api.stage { try api.deleteStage(old, of: id) }
    }

    // MARK: Permission

    private func permissionChange(_ wanted: Wanted, _ deployment: Deployment, isNew: Bool) -> Change {
        Change(
            isNew ? .create : .update, "permission", Self.permission,
            [.init("may call", to: "the API \(wanted.api.name)")]
        ) { session in
            guard let id = session.fact(Self.fact) else { return }
            try PermissionChanges.put(Self.permission(id, session), deployment, session)
        }
    }

    private func removal(of permission: String, _ deployment: Deployment) -> [Change] {
        [
            Change(.remove, "permission", permission) {
                try $0.lambda.removePermission(permission, from: deployment.name, qualifier: deployment.alias)
            }
        ]
    }
}
