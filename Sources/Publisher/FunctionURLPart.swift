internal import AWS

/// The function's own address.
struct FunctionURLPart: Part {
    func changes(for deployment: Deployment, after before: [Change], _ session: Session) throws -> [Change] {
        let (name, alias) = (deployment.name, deployment.alias)
        let there = try session.lambda.url(name, qualifier: alias)
        let permissions = try session.lambda.permissions(name, qualifier: alias)
        guard let api = deployment.api, api.kind == .url else { return removal(there, permissions, deployment) }
        let type = api.authorizationType
        var changes: [Change] = []
        if there?.authorization != type || there?.cors != api.cors || there?.isStreamed != api.isStreamed {
            var details = [Change.Detail("who may call", from: there?.authorization, to: type)]
            if there.map({ $0.isStreamed != api.isStreamed }) ?? api.isStreamed {
                details.append(.init("answers", to: api.isStreamed ? "streamed" : "buffered"))
            }
            if there?.cors != api.cors { details.append(.init("CORS", to: api.cors.map(Self.text) ?? "none")) }
            changes.append(
                Change(there == nil ? .create : .update, "URL", name, details) { session in
                    let address = try session.lambda.putURL(
                        name, qualifier: alias, authorization: type, cors: api.cors, isStreamed: api.isStreamed,
                        isNew: there == nil)
                    session.note("url", address)
                })
        }
        if let address = there?.address { session.note("url", address) }
        return changes + PermissionChanges.changes(Self.permissions(api), permissions, deployment)
    }

    /// An open URL wants both: one for the address, one for what is behind it (Lambda, "Control access to function URLs").
    static func permissions(_ api: Deployment.API) -> [LambdaAPI.Permission] {
        guard api.authorization == .none else { return [] }
        return [
            LambdaAPI.Permission(
                id: "scar-build-url", action: "lambda:InvokeFunctionUrl", principal: "*", urlAuthorization: "NONE"),
            LambdaAPI.Permission(
                id: "scar-build-url-invoke", action: "lambda:InvokeFunction", principal: "*", isViaURL: true),
        ]
    }

    private func removal(
        _ there: LambdaAPI.FunctionURL?, _ permissions: [LambdaAPI.Permission], _ deployment: Deployment
    ) -> [Change] {
        let (name, alias) = (deployment.name, deployment.alias)
        var changes: [Change] = []
        if there != nil {
            changes.append(Change(.remove, "URL", name) { try $0.lambda.deleteURL(name, qualifier: alias) })
        }
        for old in permissions where old.id.hasPrefix("scar-build-url") {
            changes.append(
                Change(.remove, "permission", old.id) {
                    try $0.lambda.removePermission(old.id, from: name, qualifier: alias)
                })
        }
        return changes
    }

    static func text(_ cors: CORS) -> String { cors.origins.joined(separator: ", ") }
}
