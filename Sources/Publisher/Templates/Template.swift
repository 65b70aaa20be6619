internal import JSON

/// The desired state as a file for another tool, which then does what `publish` would do.
///
/// Nothing is asked of anybody to write it: what only an account knows stands in it as an expression. The values of
/// variables do not stand in it, as they may be secrets; they are parameters.
package enum Template: String, Sendable, CaseIterable {
    /// AWS CloudFormation, in JSON.
    case cloudformation
    /// CloudFormation with AWS's serverless transform, which `sam deploy` uploads packages for.
    case sam
    /// Terraform and OpenTofu, in their JSON syntax.
    case terraform

    /// The whole file. The same deployments give the same bytes.
    ///
    /// - Throws: `PublishError`, for what `publish` would refuse as well, and for runtimes in Terraform.
    package func text(for deployments: [Deployment]) throws(PublishError) -> [UInt8] {
        try Recursion.check(deployments)
        for deployment in deployments {
            try deployment.validate()
            guard !Placeholder.isIn(deployment) else {
                throw PublishError(
                    .settings,
                    "\(deployment.name): the recipe has characters that templates use themselves, U+F0000 or U+F0001",
                    hint: "leave them out")
            }
            guard deployment.runtime == nil || self != .terraform else {
                throw PublishError(
                    .noResource,
                    "\(deployment.name): Terraform's provider for AWS has no resource for customer-managed runtimes",
                    hint:
                        "write it with --emit cloudformation, which Terraform deploys as an aws_cloudformation_stack; or "
                        + "build with --target zip, layer or image")
            }
        }
        let buckets = try BucketUse.all(of: deployments)
        let document: JSON =
            switch self {
            case .cloudformation, .sam: try CloudFormation(isServerless: self == .sam).document(deployments, buckets)
            case .terraform: try Terraform().document(deployments, buckets)
            }
        return document.text(pretty: true)
    }
}

/// A bucket with everything that the functions of a file want of it.
struct BucketUse {
    var name: String
    /// The tags of the functions that use it.
    var tags: [String: String]
    /// Which new objects which function is called for.
    var rules: [(function: String, rule: Notification.Rule)] = []

    /// In the order of their first mention.
    static func all(of deployments: [Deployment]) throws(PublishError) -> [BucketUse] {
        var uses: [BucketUse] = []
        for deployment in deployments {
            for channel in deployment.channels {
                if let index = uses.firstIndex(where: { $0.name == channel.bucket }) {
                    uses[index].tags.merge(deployment.tags) { old, _ in old }
                } else {
                    uses.append(BucketUse(name: channel.bucket, tags: deployment.tags))
                }
            }
            for index in uses.indices {
                let inputs = deployment.inputs.filter { $0.bucket == uses[index].name }
                for rule in Notification.rules(for: inputs) { try uses[index].add(rule, for: deployment.name) }
            }
        }
        return uses
    }

    private mutating func add(_ rule: Notification.Rule, for function: String) throws(PublishError) {
        if let other = rules.first(where: { $0.function != function && $0.rule.meets(rule) }) {
            throw PublishError(
                .conflict,
                "\(other.function) and \(function) both want to be told of \(rule.text) in the bucket \(name), and S3 "
                    + "tells one of them only",
                hint: "choose folders or suffixes that have nothing in common")
        }
        rules.append((function, rule))
    }
}
