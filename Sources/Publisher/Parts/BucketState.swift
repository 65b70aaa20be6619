internal import AWS

/// What a bucket is to others than a function.
struct BucketState {
    /// The tags that stay when the function goes.
    var tags: [String: String]
    /// Whether other functions use it.
    var isShared: Bool
    var isEmpty: Bool

    /// Nil for a bucket that was not made here, or is not there any more.
    init?(_ bucket: String, besides function: String, _ session: Session) throws {
        tags = try session.s3.tags(of: bucket)
        guard tags[Deployment.mark.name] == Deployment.mark.value else { return nil }
        tags[BucketsPart.tag(function)] = nil
        isShared = tags.keys.contains { $0.hasPrefix(Deployment.ownerTag + ":") }
        isEmpty = try session.s3.page(bucket, prefix: "", limit: 1).objects.isEmpty
    }
}
