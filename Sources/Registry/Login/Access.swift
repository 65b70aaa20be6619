/// What is to be done with a repository, as token servers want to hear it.
///
/// The distribution project's "Docker Registry v2 authentication", "Token Scope Documentation".
enum Access: Hashable, Sendable {
    case pull
    /// Pushing, and taking over blobs of another repository.
    case push(mountingFrom: String?)

    func scopes(_ repository: String) -> [String] {
        switch self {
        case .pull: ["repository:\(repository):pull"]
        case .push(nil): ["repository:\(repository):pull,push"]
        case .push(let other?): ["repository:\(repository):pull,push", "repository:\(other):pull"]
        }
    }
}
