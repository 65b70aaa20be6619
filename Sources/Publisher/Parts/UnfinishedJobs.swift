internal import AWS

/// What a function's jobs need that have not ended. A job starts from what it was submitted with, when its turn comes: that
/// may be after many publications.
struct UnfinishedJobs {
    private let containers: Set<BatchAPI.Container>

    /// Looks at the queue. When a deployment has no jobs there is nothing to look at: jobs end with their queue.
    init(of deployment: Deployment, _ session: Session) throws {
        guard deployment.job != nil, try session.batch.queue(deployment.name) != nil else {
            containers = []
            return
        }
        containers = try session.batch.unfinishedContainers(in: deployment.name)
    }

    /// - Parameter digest: `sha256:…` of its manifest.
    func need(image digest: String) -> Bool { containers.contains { $0.image.hasSuffix(digest) } }

    /// - Parameter arn: the role's.
    func need(role arn: String) -> Bool { containers.contains { $0.role == arn } }
}
