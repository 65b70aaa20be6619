internal import AWS

/// The function's image, in a repository of its own: by digest, so that what a version was made from stays what it was.
struct ImagePart: Part {
    var options: FunctionPublisher.Options

    func changes(for deployment: Deployment, after before: [Change], _ session: Session) throws -> [Change] {
        guard let image = deployment.image else { return [] }
        let repository = ImageRepository(
            name: Session.repositoryName(deployment.name), tags: deployment.allTags,
            readers: deployment.package == nil ? [session.functionARN("*")] : [])
        return try repository.changes(for: image, push: options.push, session)
    }

    /// The image as a function or a job names it.
    static func reference(of deployment: Deployment, _ session: Session) throws -> String {
        guard let image = deployment.image else {
            throw PublishError(.settings, "\(deployment.name): there is neither a zip nor an image to make it from")
        }
        return "\(session.repositoryURI(Session.repositoryName(deployment.name)))@\(image.digest)"
    }
}

/// Images that nothing is made from any more.
struct ImageCleaningPart: Part {
    func changes(for deployment: Deployment, after before: [Change], _ session: Session) throws -> [Change] {
        let name = Session.repositoryName(deployment.name)
        guard let image = deployment.image else { return try ImageRepository.removal(of: name, session) }
        let others = try session.images.images(in: name).map(\.digest).filter { $0 != "\(image.digest)" }
        guard !others.isEmpty else { return [] }
        let used = try Self.usedImages(deployment, after: before, session)
        return others.filter { digest in !used.contains { $0.hasSuffix(digest) } }.map { digest in
            Change(.remove, "image", "\(name)@\(digest)") { try $0.images.deleteImage(digest, in: name) }
        }
    }

    /// What the versions that stay were made from.
    private static func usedImages(
        _ deployment: Deployment, after before: [Change], _ session: Session
    ) throws -> Set<String> {
        guard deployment.package == nil else { return [] }
        let removed = Set(before.filter { $0.action == .remove && $0.kind == "version" }.map(\.name))
        let name = deployment.name
        var used: Set<String> = []
        guard try session.lambda.configuration(name) != nil else { return used }
        for version in try session.lambda.versions(name) where !removed.contains("\(name):\(version)") {
            if let image = try session.lambda.function(name, qualifier: String(version))?.image { used.insert(image) }
        }
        return used
    }
}
