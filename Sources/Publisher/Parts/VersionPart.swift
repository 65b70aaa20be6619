internal import AWS

/// The version that callers get, behind an alias that they can rely on.
struct VersionPart: Part {
    func changes(for deployment: Deployment, after before: [Change], _ session: Session) throws -> [Change] {
        let (name, alias) = (deployment.name, deployment.alias)
        let current = try session.lambda.alias(name, alias)
        let changesFunction = before.contains {
            $0.kind == "function" && $0.details.contains { !$0.name.hasPrefix("tag ") && $0.name != "concurrency" }
        }
        if let current, !changesFunction {
            // A run that was stopped between the change and the version leaves an alias behind.
            let (live, latest) = (
                try session.lambda.configuration(name, qualifier: alias), try session.lambda.configuration(name)
            )
            if let live, let latest, live.codeDigest == latest.codeDigest, live.settings == latest.settings,
                live.architecture == latest.architecture, current != "$LATEST"
            {
                return []
            }
        }
        let action: Change.Action = current == nil ? .create : .update
        let detail = Change.Detail("version", from: current, to: "of this package and these settings")
        return [
            Change(action, "alias", "\(name):\(alias)", [detail]) { session in
                try FunctionPart.settled(name, session)
                let version = try session.lambda.publishVersion(name, codeDigest: deployment.package?.codeDigest)
                try Self.settled(name, version, session)
                guard let current = try session.lambda.alias(name, alias) else {
                    return try session.lambda.createAlias(name, alias, version: version)
                }
                if current != version { try session.lambda.updateAlias(name, alias, version: version) }
            }
        ]
    }

    private static func settled(_ name: String, _ version: String, _ session: Session) throws {
        _ = try session.wait(for: "version \(version) of \(name)", limit: .seconds(600)) { () -> Bool? in
            guard let found = try session.lambda.configuration(name, qualifier: version) else { return nil }
            guard found.state != "Failed" else {
                throw PublishError(.failed, "Lambda could not make version \(version): \(found.stateReason)")
            }
            return found.state == "Pending" ? nil : true
        }
    }
}

/// Versions that nobody will go back to.
struct CleaningPart: Part {
    func changes(for deployment: Deployment, after before: [Change], _ session: Session) throws -> [Change] {
        let name = deployment.name
        guard try session.lambda.configuration(name) != nil else { return [] }
        let versions = try session.lambda.versions(name)
        return try Self.leaving(versions, of: deployment, after: before, session).map { version in
            Change(.remove, "version", "\(name):\(version)") { session in
                try session.lambda.delete(name, version: String(version))
            }
        }
    }

    /// Of the versions that there are, rising, those that are more than are kept, and that no alias stands for.
    static func leaving(
        _ versions: [Int], of deployment: Deployment, after before: [Change], _ session: Session
    ) throws -> [Int] {
        let aliased = try session.lambda.aliasedVersions(deployment.name)
        let added = before.contains { $0.kind == "alias" } ? 1 : 0
        return versions.dropLast(max(0, deployment.keptVersions - added)).filter { !aliased.contains(String($0)) }
    }
}

/// A first call, after which the next one finds the image unpacked.
struct PreheatPart: Part {
    func changes(for deployment: Deployment, after before: [Change], _ session: Session) throws -> [Change] {
        guard deployment.isPreheated, before.contains(where: { $0.kind == "alias" }) else { return [] }
        let (name, alias) = (deployment.name, deployment.alias)
        return [
            Change(.call, "function", "\(name):\(alias)") { session in
                // What the function says to an empty event is its own affair: it is warm.
                _ = try session.lambda.invoke(
                    name, qualifier: alias, payload: Array("{}".utf8), isAsynchronous: false)
            }
        ]
    }
}
