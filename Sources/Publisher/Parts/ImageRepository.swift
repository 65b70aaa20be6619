internal import AWS
internal import ByteKit
internal import JSON

/// A repository of ECR that is made here, and the images in it.
struct ImageRepository {
    var name: String
    /// The function that it is for; nil when several may share it.
    var owner: String?
    /// What it carries.
    var tags: [String: String]
    /// The ARNs, as patterns, of what Lambda may fetch the images for; none when only who acts for the account may.
    var readers: [String]

    /// What is missing for an image to be there: the repository, the permission to fetch from it, the image.
    func changes(
        for image: Deployment.Image, push: @escaping @Sendable (Deployment.Image, String) throws -> Void,
        _ session: Session
    ) throws -> [Change] {
        let (name, owner, tags) = (self.name, self.owner, self.tags)
        var changes: [Change] = []
        let there = try session.images.repository(name)
        if let there {
            changes += try tagging(there, session)
        } else {
            changes.append(Change(.create, "repository", name) { try Self.create(name, owner, tags, $0) })
        }
        if !readers.isEmpty { changes += try permission(isNew: there == nil, session) }
        if try there == nil || !session.images.hasImage("\(image.digest)", in: name) {
            let place = session.repositoryURI(named: name)
            changes.append(
                Change(.create, "image", "\(name)@\(image.digest)", [.init("size", to: "\(image.size) bytes")]) { _ in
                    // By a tag as well: rules that remove images look for those that have none.
                    try push(image, "\(place):\(image.digest.hex)")
                })
        }
        return changes
    }

    private static func create(
        _ name: String, _ owner: String?, _ tags: [String: String], _ session: Session
    ) throws {
        do throws(AWSError) {
            _ = try session.images.createRepository(name, tags: tags)
        } catch {
            // It was made, and the answer was lost; or somebody else was faster.
            guard error.isService("RepositoryAlreadyExistsException"),
                let found = try session.images.repository(name)
            else { throw error }
            let there = try session.images.tags(ofRepository: found.arn)
            guard isOurs(there, owner) else { throw notOurs(name) }
            let missing = tags.filter { there[$0.key] == nil }
            if !missing.isEmpty { try session.images.tag(repository: found.arn, missing) }
        }
    }

    /// Several functions may share a repository: each has a tag of its own there.
    private func tagging(_ there: ECRAPI.Repository, _ session: Session) throws -> [Change] {
        let old = try session.images.tags(ofRepository: there.arn)
        guard Self.isOurs(old, owner) else { throw Self.notOurs(name) }
        let missing = tags.filter { $0.key.hasPrefix("\(Deployment.ownerTag):") && old[$0.key] == nil }
        guard !missing.isEmpty else { return [] }
        return [
            Change(.update, "repository", name, missing.map { .init("tag \($0.key)", to: $0.value) }) {
                try $0.images.tag(repository: there.arn, missing)
            }
        ]
    }

    /// Lambda fetches images as itself. Lambda Developer Guide, "Amazon ECR permissions".
    private func permission(isNew: Bool, _ session: Session) throws -> [Change] {
        let name = name
        // As Lambda writes it where it sets the policy itself: one is no list.
        let sources: [(name: StaticString, json: JSON)] = [
            ("aws:sourceArn", readers.count == 1 ? .string(readers[0]) : .array(readers.map { .string($0) }))
        ]
        let policy = Policy.document([
            .object([
                ("Sid", .string("LambdaECRImageRetrievalPolicy")), ("Effect", .string("Allow")),
                ("Principal", .object([("Service", .string("lambda.amazonaws.com"))])),
                ("Action", .array([.string("ecr:BatchGetImage"), .string("ecr:GetDownloadUrlForLayer")])),
                (
                    "Condition",
                    .object([("StringLike", .object(sources))])
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

    private static func isOurs(_ tags: [String: String], _ owner: String?) -> Bool {
        owner.map { Deployment.isOurs(tags, of: $0) } ?? Deployment.isOurs(tags)
    }

    private static func notOurs(_ name: String) -> PublishError {
        PublishError(
            .notOurs, "there is a repository \(name) that was not made here",
            hint: "give the recipe another name, or remove the repository")
    }

    /// What takes a repository made here away again, with all that is in it; nothing when there is none.
    static func removal(of name: String, owner: String? = nil, _ session: Session) throws -> [Change] {
        guard let found = try session.images.repository(name),
            isOurs(try session.images.tags(ofRepository: found.arn), owner)
        else { return [] }
        return [Change(.remove, "repository", name) { try $0.images.deleteRepository(name) }]
    }
}
