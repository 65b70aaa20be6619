internal import AWS
internal import ByteKit

/// The runtime that a function runs in: its image in a repository, a version for the image, an alias of the function's that
/// stands for it.
struct RuntimePart: Part {
    var options: FunctionPublisher.Options

    /// What says in the session what the runtime and the function's alias are called.
    private static let (runtimeFact, aliasFact) = ("runtime", "runtime alias")

    /// What a runtime is called, before it is known whether Lambda lets it have the name.
    static func name(_ runtime: Deployment.Runtime, of function: String) -> String {
        runtime.name ?? Session.runtimeName(function)
    }

    func changes(for deployment: Deployment, after before: [Change], _ session: Session) throws -> [Change] {
        guard let runtime = deployment.runtime else { return [] }
        let name = Self.name(runtime, of: deployment.name)
        let found = try ManagedRuntime(name, session)
        session.note(Self.runtimeFact, found.name)
        session.note(Self.aliasFact, found.alias(of: deployment.name, for: runtime.image.digest).name)
        let tags = deployment.tags.merging([Deployment.mark.name: Deployment.mark.value]) { $1 }
        let repository = ImageRepository(
            name: Session.runtimeRepositoryName(name),
            tags: tags.merging([BucketsPart.tag(deployment.name): "yes"]) { $1 },
            readers: [session.functionARN("*"), session.runtimeARN("*")])
        var changes = try repository.changes(for: runtime.image, push: options.push, session)
        if found.current == nil { changes.append(Self.creation(found, tags)) }
        let image = "\(session.repositoryURI(named: repository.name))@\(runtime.image.digest)"
        changes += Self.version(found, image, runtime.image.digest)
        changes += Self.alias(found, of: deployment.name, runtime.image.digest)
        return changes
    }

    /// What the function is told of its runtime; nil when it has none of its own.
    static func configuration(of deployment: Deployment, _ session: Session) -> FunctionSettings.ManagedRuntime? {
        guard deployment.runtime != nil, let name = session.fact(runtimeFact), let alias = session.fact(aliasFact)
        else { return nil }
        return FunctionSettings.ManagedRuntime(arn: session.runtimeARN(name), alias: alias)
    }

    // MARK: - Runtime

    private static func creation(_ found: ManagedRuntime, _ tags: [String: String]) -> Change {
        let (name, description) = (found.name, ManagedRuntime.description(found.names.base))
        return Change(.create, "runtime", name) { session in
            try Self.making {
                try session.runtimes.create(name, description: description, tags: tags)
            } unlessThere: {
                guard let there = try session.runtimes.runtime(name) else { return false }
                return there.state.isAlive && there.description == description
            }
            _ = try session.wait(for: "the runtime \(name)", limit: .seconds(120)) { () -> Bool? in
                guard let there = try session.runtimes.runtime(name) else { return nil }
                guard there.state != .failed else {
                    throw PublishError(.failed, "Lambda could not make the runtime \(name), and does not say why")
                }
                return there.state == .active ? true : nil
            }
        }
    }

    /// Makes something. That it is there already is no error: the answer to an earlier attempt was lost.
    private static func making(_ make: () throws -> Void, unlessThere isThere: () throws -> Bool) throws {
        do {
            try make()
        } catch let error as AWSError {
            guard error.isService("ResourceConflictException"), try isThere() else { throw error }
        }
    }

    // MARK: - Version

    private static func version(_ found: ManagedRuntime, _ image: String, _ digest: Digest) -> [Change] {
        let (runtime, version) = (found.name, found.version(of: digest))
        guard version.state != .active else { return [] }
        let name = version.name
        let detail = Change.Detail("image", to: image)
        if version.state != nil {
            // A run that was stopped has made it, and Lambda is still at it.
            return [
                Change(.update, "runtime version", "\(runtime):\(name)", [detail]) { session in
                    try Self.settled(name, of: runtime, image, session)
                }
            ]
        }
        return [
            Change(.create, "runtime version", "\(runtime):\(name)", [detail]) { session in
                try Self.making {
                    // What is wrong with an image is said at once so, and costs no name.
                    try session.runtimes.createVersion(name, of: runtime, image: image, isDryRun: true)
                    try session.runtimes.createVersion(name, of: runtime, image: image)
                } unlessThere: {
                    try session.runtimes.version(name, of: runtime)?.state.isAlive == true
                }
                try Self.settled(name, of: runtime, image, session)
            }
        ]
    }

    private static func settled(_ name: String, of runtime: String, _ image: String, _ session: Session) throws {
        _ = try session.wait(for: "version \(name) of the runtime \(runtime)", limit: .seconds(600)) { () -> Bool? in
            guard let there = try session.runtimes.version(name, of: runtime) else { return nil }
            switch there.state {
            case .active: return true
            case .creating, .updating: return nil
            case .failed, .pendingDeletion, .deleting:
                throw PublishError(
                    .failed,
                    "version \(name) of the runtime \(runtime) is \(there.state.rawValue): Lambda could not make it from "
                        + "\(image), and does not say why",
                    hint: "docs/publish.md has what Lambda wants of an image; the next attempt has another name")
            }
        }
    }

    // MARK: - Alias

    private static func alias(_ found: ManagedRuntime, of function: String, _ digest: Digest) -> [Change] {
        let (runtime, version) = (found.name, found.version(of: digest).name)
        let (name, there) = found.alias(of: function, for: digest)
        guard there?.version != version || there?.state != .active else { return [] }
        let detail = Change.Detail("version", from: there?.version, to: version)
        return [
            Change(there == nil ? .create : .update, "runtime alias", "\(runtime):\(name)", [detail]) { session in
                if there == nil {
                    try Self.making {
                        try session.runtimes.createAlias(name, of: runtime, version: version)
                    } unlessThere: {
                        try session.runtimes.alias(name, of: runtime)?.version == version
                    }
                } else if there?.version != version {
                    try Self.settled(alias: name, of: runtime, session)
                    try session.runtimes.updateAlias(name, of: runtime, version: version)
                }
                try Self.settled(alias: name, of: runtime, session)
            }
        ]
    }

    private static func settled(alias name: String, of runtime: String, _ session: Session) throws {
        _ = try session.wait(for: "alias \(name) of the runtime \(runtime)", limit: .seconds(300)) { () -> Bool? in
            guard let there = try session.runtimes.alias(name, of: runtime) else { return nil }
            guard there.state.isAlive else {
                throw PublishError(.failed, "alias \(name) of the runtime \(runtime) is \(there.state.rawValue)")
            }
            return there.state == .active ? true : nil
        }
    }
}
