package import JSON

/// Repositories and the images in them. Amazon ECR API reference, 2015-09-21.
extension ECRAPI {
    package struct Repository: Sendable, Equatable {
        package var name: String
        package var arn: String
        /// The reference of the repository: its registry's host and its name.
        package var uri: String
    }

    /// One image of a repository.
    package struct Image: Sendable, Equatable {
        /// `sha256:…` of its manifest.
        package var digest: String
    }

    private func ask(_ operation: String, _ members: [(name: StaticString, json: JSON)]) throws(AWSError) -> JSON {
        try client.json(
            AWSRequest(.ecr, target: "AmazonEC2ContainerRegistry_V20150921", operation, json: .object(members)))
    }

    private func optional(
        _ operation: String, _ members: [(name: StaticString, json: JSON)]
    ) throws(AWSError) -> JSON? {
        do throws(AWSError) {
            return try ask(operation, members)
        } catch {
            let gone = error.isService(
                "RepositoryNotFoundException", "RepositoryPolicyNotFoundException", "ImageNotFoundException")
            guard gone || error.isNotFound else { throw error }
            return nil
        }
    }

    /// A repository; nil when there is none of this name.
    package func repository(_ name: String) throws(AWSError) -> Repository? {
        let json = try optional("DescribeRepositories", [("repositoryNames", .array([.string(name)]))])
        return json?["repositories"]?[0].map(Self.repository)
    }

    private static func repository(_ json: JSON) -> Repository {
        Repository(
            name: json["repositoryName"]?.string ?? "", arn: json["repositoryArn"]?.string ?? "",
            uri: json["repositoryUri"]?.string ?? "")
    }

    package func tags(ofRepository arn: String) throws(AWSError) -> [String: String] {
        var tags: [String: String] = [:]
        for tag in try ask("ListTagsForResource", [("resourceArn", .string(arn))])["tags"]?.array ?? [] {
            tags[tag["Key"]?.string ?? ""] = tag["Value"]?.string ?? ""
        }
        return tags
    }

    package func createRepository(_ name: String, tags: [String: String]) throws(AWSError) -> Repository {
        let json = try ask("CreateRepository", [("repositoryName", .string(name)), ("tags", Self.list(tags))])
        return json["repository"].map(Self.repository) ?? Repository(name: name, arn: "", uri: "")
    }

    package func tag(repository arn: String, _ tags: [String: String]) throws(AWSError) {
        _ = try ask("TagResource", [("resourceArn", .string(arn)), ("tags", Self.list(tags))])
    }

    package func untag(repository arn: String, _ names: [String]) throws(AWSError) {
        _ = try optional(
            "UntagResource", [("resourceArn", .string(arn)), ("tagKeys", .array(names.map { .string($0) }))])
    }

    private static func list(_ tags: [String: String]) -> JSON {
        .array(
            tags.sorted { $0.key < $1.key }.map {
                .object([("Key", .string($0.key)), ("Value", .string($0.value))])
            })
    }

    /// Removes a repository with all images in it.
    package func deleteRepository(_ name: String) throws(AWSError) {
        _ = try optional("DeleteRepository", [("repositoryName", .string(name)), ("force", .bool(true))])
    }

    /// Who besides the account may use a repository; nil when nobody is named.
    package func policy(ofRepository name: String) throws(AWSError) -> JSON? {
        let json = try optional("GetRepositoryPolicy", [("repositoryName", .string(name))])
        return json?["policyText"]?.utf8.flatMap { try? JSON.parse($0) }
    }

    package func setPolicy(_ policy: JSON, ofRepository name: String) throws(AWSError) {
        _ = try ask("SetRepositoryPolicy", [("repositoryName", .string(name)), ("policyText", .utf8(policy.text()))])
    }

    /// Whether an image is there.
    ///
    /// - Parameter digest: `sha256:…`.
    package func hasImage(_ digest: String, in repository: String) throws(AWSError) -> Bool {
        let ids = JSON.array([.object([("imageDigest", .string(digest))])])
        let json = try optional("DescribeImages", [("repositoryName", .string(repository)), ("imageIds", ids)])
        return json?["imageDetails"]?.array?.isEmpty == false
    }

    /// All images of a repository; none when there is no such repository.
    package func images(in repository: String) throws(AWSError) -> [Image] {
        var found: [Image] = []
        var (tokens, token) = (PageTokens(), String?.none)
        repeat {
            let json = try optional(
                "DescribeImages",
                [("repositoryName", .string(repository))] + (token.map { [("nextToken", .string($0))] } ?? []))
            found += (json?["imageDetails"]?.array ?? []).compactMap { $0["imageDigest"]?.string }.map {
                Image(digest: $0)
            }
            token = try tokens.next(json?["nextToken"]?.string, after: "ecr DescribeImages")
        } while token != nil
        return found
    }

    package func deleteImage(_ digest: String, in repository: String) throws(AWSError) {
        let ids = JSON.array([.object([("imageDigest", .string(digest))])])
        let json = try optional("BatchDeleteImage", [("repositoryName", .string(repository)), ("imageIds", ids)])
        // What it could not do, it says in an answer that is none of failure.
        guard let failure = json?["failures"]?[0] else { return }
        // It is gone; or it is part of an index, which goes now or is another's: the next publication looks again.
        let isNoMatter = ["ImageNotFound", "ImageReferencedByManifestList"].contains(failure["failureCode"]?.string)
        guard !isNoMatter else { return }
        let reason = failure["failureReason"]?.string ?? "no reason given"
        var error = AWSError(
            .service, "\(repository)@\(digest) was not deleted: \(reason)",
            code: failure["failureCode"]?.string ?? "")
        error.operation = "ecr BatchDeleteImage"
        throw error
    }
}
