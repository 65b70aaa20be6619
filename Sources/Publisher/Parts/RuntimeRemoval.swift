internal import AWS

/// Takes away what a function has of a runtime: its alias, and all else when no other function uses the runtime.
///
/// Lambda keeps what is deleted for some days, and with it the name; the repository is gone at once.
struct RuntimeRemoval {
    /// As the recipe has it, or as it follows from the function's name.
    var runtime: String
    var function: String

    /// The runtime whose images are in a repository; nil for the repository of something else.
    static func runtime(ofRepository arn: String) -> String? {
        let mark = ":repository/" + Session.runtimeRepositoryName("")
        return arn.firstRange(of: mark).map { String(arn[$0.upperBound...]) }
    }

    /// What it takes, and what stays and why.
    func plan(_ session: Session) throws -> (changes: [Change], kept: [String]) {
        let found = try ManagedRuntime(runtime, session)
        let name = found.name
        var changes: [Change] = []
        if let alias = found.alias(of: function).there {
            changes.append(
                Change(.remove, "runtime alias", "\(name):\(alias.name)") { session in
                    try Self.persevering(session) { try session.runtimes.deleteAlias(alias.name, of: name) }
                })
        }
        let repository = Session.runtimeRepositoryName(runtime)
        let others = try session.images.repository(repository).map { try users($0, session) } ?? []
        guard found.others(than: function).isEmpty, others.isEmpty else {
            return (changes + leaving(repository), ["the runtime \(name), which other functions use"])
        }
        changes += found.versions.filter { !$0.state.isLeaving }.map { version in
            Change(.remove, "runtime version", "\(name):\(version.name)") { session in
                try Self.persevering(session) { try session.runtimes.deleteVersion(version.name, of: name) }
            }
        }
        var kept: [String] = []
        if found.current != nil {
            changes.append(
                Change(.remove, "runtime", name) { session in
                    try Self.persevering(session) { try session.runtimes.delete(name) }
                })
            kept.append(
                "the name of the runtime \(name): Lambda keeps what is deleted for \(RuntimesAPI.recoveryDays) days")
        }
        return (changes + (try ImageRepository.removal(of: repository, session)), kept)
    }

    /// The tags of the other functions that use the repository.
    private func users(_ repository: ECRAPI.Repository, _ session: Session) throws -> [String] {
        try session.images.tags(ofRepository: repository.arn).keys.filter {
            $0.hasPrefix("\(Deployment.ownerTag):") && $0 != BucketsPart.tag(function)
        }
    }

    /// The function's tag is last: it says that something is left to be done.
    private func leaving(_ repository: String) -> [Change] {
        let tag = BucketsPart.tag(function)
        return [
            Change(.update, "repository", repository, [.init("tag \(tag)", from: "yes", to: "(none)")]) { session in
                guard let found = try session.images.repository(repository) else { return }
                try session.images.untag(repository: found.arn, [tag])
            }
        ]
    }

    /// What was deleted a moment ago may still be in the way.
    private static func persevering(_ session: Session, _ body: () throws -> Void) throws {
        try session.persevering(while: { $0.isService("ResourceConflictException") }, body)
    }
}

/// Versions of the runtime that nobody will go back to, their images, and runtimes that the function does not use any more.
///
/// It comes before the function's old versions go: as long as they are there, so is what they ran in.
struct RuntimeCleaningPart: Part {
    func changes(for deployment: Deployment, after before: [Change], _ session: Session) throws -> [Change] {
        try former(deployment, after: before, session) + old(deployment, after: before, session)
    }

    // MARK: - Other runtimes

    private func former(
        _ deployment: Deployment, after before: [Change], _ session: Session
    ) throws -> [Change] {
        let name = deployment.name
        guard try session.lambda.configuration(name) != nil else { return [] }
        let versions = try session.lambda.versionSettings(name)
        guard versions.contains(where: { $0.settings.managedRuntime != nil }) else { return [] }
        let wanted = RuntimePart.configuration(of: deployment, session)?.arn
        let leaving = try CleaningPart.leaving(versions.map(\.version), of: deployment, after: before, session)
        func runtimes(_ isLeaving: Bool) -> Set<String> {
            Set(
                versions.filter { leaving.contains($0.version) == isLeaving }.compactMap {
                    $0.settings.managedRuntime?.arn
                })
        }
        let unused = runtimes(true).subtracting(runtimes(false)).filter { $0 != wanted }
        return try unused.sorted().flatMap { arn in
            let name = arn.split(separator: "/").last.map { String($0.prefix { $0 != "." }) } ?? ""
            return try RuntimeRemoval(runtime: name, function: deployment.name).plan(session).changes
        }
    }

    // MARK: - Old versions

    private func old(_ deployment: Deployment, after before: [Change], _ session: Session) throws -> [Change] {
        guard let runtime = deployment.runtime else { return [] }
        let name = RuntimePart.name(runtime, of: deployment.name)
        let found = try ManagedRuntime(name, session)
        let current = found.version(of: runtime.image.digest).name
        let used = Set(found.others(than: deployment.name).map(\.version) + [current])
        let failed = found.versions.filter { $0.state == .failed }
        // What is kept to go back to stands beside the current one.
        let spare = found.versions.filter { $0.state == .active && !used.contains($0.name) }
            .sorted { ($0.created, $0.name) < ($1.created, $1.name) }.dropLast(deployment.keptVersions - 1)
        let leaving = failed + spare
        var changes = leaving.map { version in
            Change(.remove, "runtime version", "\(found.name):\(version.name)") { session in
                try session.runtimes.deleteVersion(version.name, of: found.name)
            }
        }
        let gone = Set(leaving.map(\.name))
        let staying = found.versions.filter { !$0.state.isLeaving && !gone.contains($0.name) }.map(\.name) + [current]
        let images = Set(staying.map(ManagedRuntime.image(ofVersion:)))
        let repository = Session.runtimeRepositoryName(name)
        changes += try session.images.images(in: repository).map(\.digest).filter { !images.contains($0) }.map {
            digest in
            Change(.remove, "image", "\(repository)@\(digest)") {
                try $0.images.deleteImage(digest, in: repository)
            }
        }
        return changes
    }
}
