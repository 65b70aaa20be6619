import TestKit
import Testing

/// A user other than root, whom only root can become.
enum OrdinaryUser {
    /// What runs a command as that user.
    static let words = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]

    /// Whether the user can be had, and may come to the tool: below root's own home it may not.
    static let canRunTool =
        (try? Peer.run(words[0], words.dropFirst() + ["test", "-x", Products.scarBuild]).status) == 0
    static let reason: Comment = "needs root, to become another user that can run the tool"
}
