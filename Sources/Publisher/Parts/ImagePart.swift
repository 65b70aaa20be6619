internal import AWS

/// The function's image, in a repository of its own: by digest, so that what a version was made from stays what it was.
struct ImagePart: Part {
    var options: FunctionPublisher.Options

    func changes(for deployment: Deployment, after before: [Change], _ session: Session) throws -> [Change] {
        guard let image = deployment.image else { return [] }
        let repository = ImageRepository(
            name: Session.repositoryName(deployment.name), owner: deployment.name, tags: deployment.allTags,
            readers: deployment.package == nil ? [session.functionARN("*")] : [])
        return try repository.changes(for: image, push: options.push, session)
    }

    /// The image as a function or a job names it.
    static func reference(of deployment: Deployment, _ names: some Naming) throws(PublishError) -> String {
        guard let image = deployment.image else {
            throw PublishError(.settings, "\(deployment.name): there is neither a zip nor an image to make it from")
        }
        return "\(names.repositoryURI(deployment.name))@\(image.digest)"
    }
}

/// Images that nothing is made from any more.
struct ImageCleaningPart: Part {
    func changes(for deployment: Deployment, after before: [Change], _ session: Session) throws -> [Change] {
        let name = Session.repositoryName(deployment.name)
        guard let image = deployment.image else {
            return try ImageRepository.removal(of: name, owner: deployment.name, session)
        }
        let others = try session.images.images(in: name).map(\.digest).filter { $0 != "\(image.digest)" }
        guard !others.isEmpty else { return [] }
        let used = try Self.usedImages(deployment, after: before, session)
        let unused = others.filter { digest in !used.contains { $0.hasSuffix(digest) } }
        guard !unused.isEmpty else { return [] }
        let jobs = try UnfinishedJobs(of: deployment, session)
        return unused.filter { !jobs.need(image: $0) }.map { digest in
            Change(.remove, "image", "\(name)@\(digest)") { session in
                // Until the new definition was there, jobs came for the old one. The next publication looks again.
                guard try !UnfinishedJobs(of: deployment, session).need(image: digest) else { return }
                try session.images.deleteImage(digest, in: name)
            }
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
