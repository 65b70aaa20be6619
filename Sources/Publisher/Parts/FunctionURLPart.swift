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
        let wanted = Self.permissions(api)
        // What was open and is not any more is closed before the statements that let everybody in go.
        return changes + PermissionChanges.changes(wanted, permissions, deployment)
            + closing(permissions.filter { old in !wanted.contains { $0.id == old.id } }, deployment)
    }

    private static let prefix = "scar-build-url"

    /// An open URL wants both: one for the address, one for what is behind it (Lambda, "Control access to function URLs").
    static func permissions(_ api: Deployment.API) -> [LambdaAPI.Permission] {
        guard api.authorization == .none else { return [] }
        return [
            LambdaAPI.Permission(
                id: prefix, action: "lambda:InvokeFunctionUrl", principal: "*", urlAuthorization: "NONE"),
            LambdaAPI.Permission(
                id: prefix + "-invoke", action: "lambda:InvokeFunction", principal: "*", isViaURL: true),
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
        return changes + closing(permissions, deployment)
    }

    /// Takes those of these permissions away that are of URLs.
    private func closing(_ permissions: [LambdaAPI.Permission], _ deployment: Deployment) -> [Change] {
        permissions.filter { $0.id.hasPrefix(Self.prefix) }.map { old in
            Change(.remove, "permission", old.id) {
                try $0.lambda.removePermission(old.id, from: deployment.name, qualifier: deployment.alias)
            }
        }
    }

    static func text(_ cors: CORS) -> String { cors.origins.joined(separator: ", ") }
}
