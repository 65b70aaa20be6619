internal import AWS
internal import ByteKit
internal import JSON

/// The function's image, in a repository of its own: by digest, so that what a version was made from stays what it was.
struct ImagePart: Part {
    var options: FunctionPublisher.Options

    func changes(for deployment: Deployment, after before: [Change], _ session: Session) throws -> [Change] {
        guard let image = deployment.image else { return [] }
        let name = Session.repositoryName(deployment.name)
        let there = try session.images.repository(name)
        var changes: [Change] = []
        if let there {
            let tags = try session.images.tags(ofRepository: there.arn)
            guard Deployment.isOurs(tags, of: deployment.name) else { throw Self.notOurs(name) }
        } else {
            changes.append(Change(.create, "repository", name) { try Self.create(name, for: deployment, $0) })
        }
        if deployment.package == nil { changes += try permission(name, isNew: there == nil, session) }
        if try there == nil || !session.images.hasImage("\(image.digest)", in: name) {
            let place = session.repositoryURI(deployment.name)
            let push = options.push
            changes.append(
                Change(.create, "image", "\(name)@\(image.digest)", [.init("size", to: "\(image.size) bytes")]) { _ in
                    // By a tag as well: rules that remove images look for those that have none.
                    try push(image, "\(place):\(image.digest.hex)")
                })
        }
        return changes
    }

    /// The image as a function or a job names it.
    static func reference(of deployment: Deployment, _ names: some Naming) throws(PublishError) -> String {
        guard let image = deployment.image else {
            throw PublishError(.settings, "\(deployment.name): there is neither a zip nor an image to make it from")
        }
        return "\(names.repositoryURI(deployment.name))@\(image.digest)"
    }

    private static func create(_ name: String, for deployment: Deployment, _ session: Session) throws {
        do throws(AWSError) {
            _ = try session.images.createRepository(name, tags: deployment.allTags)
        } catch {
            // It was made, and the answer was lost; or somebody else was faster.
            guard error.isService("RepositoryAlreadyExistsException"),
                let found = try session.images.repository(name)
            else { throw error }
            let tags = try session.images.tags(ofRepository: found.arn)
            guard Deployment.isOurs(tags, of: deployment.name) else { throw notOurs(name) }
        }
    }

    /// Lambda fetches a function's image as itself. Lambda Developer Guide, "Amazon ECR permissions".
    private func permission(_ name: String, isNew: Bool, _ session: Session) throws -> [Change] {
        let policy = Policy.document([
            .object([
                ("Sid", .string("LambdaECRImageRetrievalPolicy")), ("Effect", .string("Allow")),
                ("Principal", .object([("Service", .string("lambda.amazonaws.com"))])),
                ("Action", .array([.string("ecr:BatchGetImage"), .string("ecr:GetDownloadUrlForLayer")])),
                (
                    "Condition",
                    .object([
                        ("StringLike", .object([("aws:sourceArn", .string(session.functionARN("*")))]))
                    ])
                ),
            ])
        ])
        let old = isNew ? nil : try session.images.policy(ofRepository: name)
        guard old != policy else { return [] }
        return [
            Change(
                old == nil ? .create : .update, "repository policy", name,
                [.init("may fetch", to: "lambda.amazonaws.com")]
            ) { try $0.images.setPolicy(policy, ofRepository: name) }
        ]
    }

    private static func notOurs(_ name: String) -> PublishError {
        PublishError(
            .notOurs, "there is a repository \(name) that was not made here",
            hint: "give the recipe another name, or remove the repository")
    }
}

/// Images that nothing is made from any more.
struct ImageCleaningPart: Part {
    func changes(for deployment: Deployment, after before: [Change], _ session: Session) throws -> [Change] {
        let name = Session.repositoryName(deployment.name)
        guard let image = deployment.image else { return try Self.removal(of: deployment.name, session) }
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

    /// What takes a function's repository away again, with all that is in it; nothing when there is none.
    static func removal(of function: String, _ session: Session) throws -> [Change] {
        let name = Session.repositoryName(function)
        guard let found = try session.images.repository(name),
            Deployment.isOurs(try session.images.tags(ofRepository: found.arn), of: function)
        else { return [] }
        return [Change(.remove, "repository", name) { try $0.images.deleteRepository(name) }]
    }
}
