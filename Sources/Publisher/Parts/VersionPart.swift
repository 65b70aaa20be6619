internal import AWS

/// The version that callers get, behind an alias that they can rely on.
struct VersionPart: Part {
    func changes(for deployment: Deployment, after before: [Change], _ session: Session) throws -> [Change] {
        let (name, alias) = (deployment.name, deployment.alias)
        let current = try session.lambda.alias(name, alias)
        // A run that was stopped between the change and the version leaves an alias behind.
        if let current, current != "$LATEST", try !Self.isOld(alias, of: name, after: before, session) { return [] }
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

    /// Whether a version, or what an alias stands for, is another than what the function will be.
    static func isOld(
        _ qualifier: String, of name: String, after before: [Change], _ session: Session
    ) throws -> Bool {
        let changesFunction = before.contains {
            $0.kind == "function" && $0.details.contains { !$0.name.hasPrefix("tag ") && $0.name != "concurrency" }
        }
        guard !changesFunction, let there = try session.lambda.configuration(name, qualifier: qualifier),
            let latest = try session.lambda.configuration(name)
        else { return true }
        return there.codeDigest != latest.codeDigest || there.settings != latest.settings
            || there.architecture != latest.architecture
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
                // An alias may have come to stand for it since the plan was made.
                guard try !session.lambda.aliasedVersions(name).contains(String(version)) else { return }
                try session.lambda.delete(name, version: String(version))
            }
        }
    }

    /// Of the versions that there are, rising, those that are more than are kept, and that no alias will stand for once the
    /// callers' has moved.
    static func leaving(
        _ versions: [Int], of deployment: Deployment, after before: [Change], _ session: Session
    ) throws -> [Int] {
        guard let last = versions.last else { return [] }
        let isMoving = before.contains { $0.kind == "alias" }
        // Lambda makes no version of what is as the last one: after a rollback callers get that again.
        let isNew = try isMoving && VersionPart.isOld(String(last), of: deployment.name, after: before, session)
        let aliased = try session.lambda.aliasedVersions(
            deployment.name, besides: isMoving ? deployment.alias : nil)
        return versions.dropLast(deployment.keptVersions - (isNew ? 1 : 0)).filter { !aliased.contains(String($0)) }
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
