/// AWS's own command line, which scripts/setup fetches beside the emulator. Debian's is too old, and of another kind.
package enum AWSCommand {
    package static let isInstalled = (try? Peer.run("python3", ["-c", "import awscli"]).status) == 0

    package static func run(
        _ arguments: [String], variables: [(name: String, value: String)]
    ) throws -> Peer.Result {
        try Peer.run("python3", ["-m", "awscli"] + arguments, variables: variables)
    }
}
