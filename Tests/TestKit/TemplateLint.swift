/// cfn-lint, which holds CloudFormation's templates, and SAM's once transformed, against AWS's resource schemas.
package enum TemplateLint {
    /// Whether there is what it needs.
    package static let isInstalled =
        (try? Peer.run("python3", ["-c", "import cfnlint.runner, samtranslator"]).status) == 0

    /// What it has against these files; nothing when all is well. Warnings count.
    ///
    /// - Parameter schemas: a folder with those of resources that it does not know.
    package static func complaints(_ files: [String], schemas: String? = nil) throws -> String {
        let program = "import sys; from cfnlint.runner import main; sys.exit(main())"
        let result = try Peer.run(
            "python3",
            ["-c", program, "--regions", "eu-west-1", "--format", "parseable"]
                + (schemas.map { ["--registry-schemas", $0] } ?? []) + ["--"] + files)
        return result.status == 0 ? "" : "exit \(result.status)\n" + result.text + result.errorText
    }
}
