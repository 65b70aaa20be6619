internal import AWS

/// The buckets that files come from and go to, and the one that a large package goes through.
struct BucketsPart: Part {
    func changes(for deployment: Deployment, after before: [Change], _ session: Session) throws -> [Change] {
        var changes: [Change] = []
        let inputs = Set(deployment.inputs.map(\.bucket))
        var buckets: [String] = []
        for channel in deployment.channels where !buckets.contains(channel.bucket) {
            buckets.append(channel.bucket)
        }
        for bucket in buckets {
            changes += try change(bucket, isInput: inputs.contains(bucket), deployment, session)
        }
        return changes
    }

    private func change(
        _ bucket: String, isInput: Bool, _ deployment: Deployment, _ session: Session
    ) throws -> [Change] {
        let tag = Self.tag(deployment.name)
        guard let region = try session.s3.region(of: bucket) else {
            let tags = deployment.tags.merging([Deployment.mark.name: Deployment.mark.value, tag: "yes"]) { $1 }
            return [
                Change(.create, "bucket", bucket, [.init("region", to: session.region.name)]) { session in
                    try Self.create(bucket, tags, session)
                }
            ]
        }
        guard !isInput || region == session.region else {
            throw PublishError(
                .conflict,
                "the bucket \(bucket) is in \(region.name), and S3 only calls functions of a bucket's own region",
                hint: "publish the function there (--region \(region.name)), or take another bucket")
        }
        // A bucket that is somebody's own is used and not marked: it stays when the function goes.
        let tags = try session.s3.tags(of: bucket)
        guard tags[Deployment.mark.name] == Deployment.mark.value, tags[tag] == nil else { return [] }
        return [
            Change(.update, "bucket", bucket, [.init("tag \(tag)", to: "yes")]) { session in
                try Self.add([tag: "yes"], to: bucket, session)
            }
        ]
    }

    /// Not every service that speaks S3 takes tags with the bucket.
    static func create(_ bucket: String, _ tags: [String: String], _ session: Session) throws {
        try session.s3.createBucket(bucket, tags: tags)
        try session.persevering(while: \.isNotFound) { try add(tags, to: bucket, session) }
    }

    /// Adds tags to those that a bucket has by now: another function may have begun to use it since the plan was made. S3
    /// takes all tags at once and has no lock on them, so a moment remains.
    private static func add(_ tags: [String: String], to bucket: String, _ session: Session) throws {
        let there = try session.s3.tags(of: bucket)
        let wanted = there.merging(tags) { $1 }
        if there != wanted { try session.s3.setTags(wanted, of: bucket) }
    }

    /// What says on a bucket made here that a function uses it. Several may.
    static func tag(_ function: String) -> String { "\(Deployment.ownerTag):\(function)" }
}
