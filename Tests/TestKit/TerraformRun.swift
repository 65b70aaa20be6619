package import JSON

/// Terraform, which reads and evaluates configurations of ours. Its provider for AWS is not needed: what resources are called
/// and what they take is not looked at.
package enum TerraformRun {
    package static let isPossible = Peer.isInstalled("terraform") && Peer.isInstalled("python3")

    /// The arguments of each resource, by place, with every expression evaluated; attributes are texts that say which.
    ///
    /// - Parameter values: of variables; others get one.
    package static func evaluate(_ file: String, values: [String: String] = [:], in folder: String) throws -> JSON {
        let record = JSON.object(named: values.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
        let result = try Peer.run(
            "python3",
            [
                "\(Products.repository)/Tests/Oracles/evaluate-terraform.py", folder, file,
                String(decoding: record.text(), as: UTF8.self),
            ])
        guard result.status == 0 else { throw BackgroundProgram.Unavailable(result.text + result.errorText) }
        return try JSON.parse(result.output)
    }
}
