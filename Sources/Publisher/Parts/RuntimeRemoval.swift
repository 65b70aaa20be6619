internal import AWS

/// Takes away what a function has of a runtime: its aliases, and all else when no other function uses the runtime.
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
        let found: ManagedRuntime
        do {
            found = try ManagedRuntime(runtime, session)
        } catch let error as PublishError where error.code == .notOurs {
            return ([], ["the runtime \(runtime), which was not made here"])
        }
        let name = found.name
        let own = found.aliases(of: function).map { Self.removal($0, of: name) }
        let repository = Session.runtimeRepositoryName(runtime)
        guard try !isShared(found, session) else {
            return (own + leaving(repository), ["the runtime \(name), which other functions use"])
        }
        var shared = found.versions.filter { !$0.state.isLeaving }.map { Self.removal($0, of: name) }
        var kept: [String] = []
        if found.current != nil {
            shared.append(
                Change(.remove, "runtime", name) { session in
                    try Self.persevering(session) { try session.runtimes.delete(name) }
                })
            kept.append(
                "the name of the runtime \(name): Lambda keeps what is deleted for \(RuntimesAPI.recoveryDays) days")
        }
        shared += try ImageRepository.removal(of: repository, session)
        return (own + shared.map(unlessShared), kept)
    }

    private func isShared(_ found: ManagedRuntime, _ session: Session) throws -> Bool {
        if !found.others(than: function).isEmpty { return true }
        let repository = try session.images.repository(Session.runtimeRepositoryName(runtime))
        return try repository.map { try !users($0, session).isEmpty } ?? false
    }

    /// A change to what functions share, looked at again: since it was planned, jobs may have been waited for, and another
    /// function published.
    private func unlessShared(_ change: Change) -> Change {
        Change(change.action, change.kind, change.name, change.details) { session in
            guard try !isShared(try ManagedRuntime(runtime, session), session) else {
                throw PublishError(
                    .conflict, "another function has come to use the runtime \(runtime)",
                    hint: "the same command again leaves the runtime to it")
            }
            try change.apply(session)
        }
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

    static func removal(_ alias: RuntimesAPI.Alias, of runtime: String) -> Change {
        Change(.remove, "runtime alias", "\(runtime):\(alias.name)") { session in
            try persevering(session) { try session.runtimes.deleteAlias(alias.name, of: runtime) }
        }
    }

    static func removal(_ version: RuntimesAPI.Version, of runtime: String) -> Change {
        Change(.remove, "runtime version", "\(runtime):\(version.name)") { session in
            try persevering(session) { try session.runtimes.deleteVersion(version.name, of: runtime) }
        }
    }

    /// What was deleted a moment ago may still be in the way.
    private static func persevering(_ session: Session, _ body: () throws -> Void) throws {
        try session.persevering(while: { $0.isService("ResourceConflictException") }, body)
    }
}

/// What no version of the function that stays runs in: aliases, versions and images of its runtime, and runtimes that it does
/// not use any more.
///
/// It comes before the function's old versions go: as long as they are there, so is what they ran in.
struct RuntimeCleaningPart: Part {
    func changes(for deployment: Deployment, after before: [Change], _ session: Session) throws -> [Change] {
        let isThere = try session.lambda.configuration(deployment.name) != nil
        let versions = isThere ? try session.lambda.versionSettings(deployment.name) : []
        let leaving = try CleaningPart.leaving(versions.map(\.version), of: deployment, after: before, session)
        func uses(_ isLeaving: Bool) -> [FunctionSettings.ManagedRuntime] {
            versions.filter { leaving.contains($0.version) == isLeaving }.compactMap(\.settings.managedRuntime)
        }
        let staying = uses(false) + [RuntimePart.configuration(of: deployment, session)].compactMap(\.self)
        return try former(Set(uses(true).map(\.arn)).subtracting(staying.map(\.arn)), deployment.name, session)
            + unused(besides: staying, deployment, session)
    }

    /// What the function has in runtimes of which only versions tell that go.
    private func former(_ arns: Set<String>, _ function: String, _ session: Session) throws -> [Change] {
        try arns.sorted().flatMap { arn in
            let name = arn.split(separator: "/").last.map { String($0.prefix { $0 != "." }) } ?? ""
            return try RuntimeRemoval(runtime: name, function: function).plan(session).changes
        }
    }

    /// What is in the function's runtime and nobody runs in.
    private func unused(
        besides uses: [FunctionSettings.ManagedRuntime], _ deployment: Deployment, _ session: Session
    ) throws -> [Change] {
        guard let runtime = deployment.runtime else { return [] }
        let name = RuntimePart.name(runtime, of: deployment.name)
        let found = try ManagedRuntime(name, session)
        let arn = session.runtimeARN(found.name)
        let needed = Set(uses.filter { $0.arn == arn }.map(\.alias))
        let aliases = found.aliases(of: deployment.name)
        let staying = aliases.filter { needed.contains($0.name) } + found.others(than: deployment.name)
        let current = found.version(of: runtime.image.digest).name
        let used = Set(staying.map(\.version) + [current])
        let leaving = found.versions.filter {
            $0.state == .failed || ($0.state == .active && !used.contains($0.name))
        }
        var changes = aliases.filter { !needed.contains($0.name) }.map { RuntimeRemoval.removal($0, of: found.name) }
        changes += leaving.map { RuntimeRemoval.removal($0, of: found.name) }
        let gone = Set(leaving.map(\.name))
        let kept = found.versions.filter { !$0.state.isLeaving && !gone.contains($0.name) }.map(\.name) + [current]
        let images = Set(kept.map(ManagedRuntime.image(ofVersion:)))
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
