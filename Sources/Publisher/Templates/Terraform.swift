internal import AWS
internal import ByteKit
internal import JSON

/// A configuration of Terraform's or OpenTofu's, in JSON syntax: `.tf.json`. Terraform documentation, "JSON Configuration
/// Syntax"; the resources are those of the provider hashicorp/aws.
struct Terraform {
    var names = TemplateNames(
        partitionName: Placeholder.text("data.aws_partition.current.partition"),
        regionName: Placeholder.text("data.aws_region.current.region"),
        account: Placeholder.text("data.aws_caller_identity.current.account_id"),
        domain: Placeholder.text("data.aws_partition.current.dns_suffix"))
    var labels = Labels()
    private var hasImages = false
    private var variables: [(name: String, json: JSON)] = []
    /// By type, each in the order in which they were added.
    private var resources: [(type: String, items: [(name: String, json: JSON)])] = []
    private var outputs: [(name: String, json: JSON)] = []

    func document(_ deployments: [Deployment], _ buckets: [BucketUse]) throws(PublishError) -> JSON {
        var configuration = self
        configuration.hasImages = deployments.contains { $0.image != nil }
        let packages = deployments.flatMap { [$0.package, $0.layer] }.compactMap(\.self)
        if packages.contains(where: { $0.size > Self.directUploadLimit }) {
            configuration.variable(
                configuration.labels.lined("packages_bucket"), "The bucket that large packages go through.")
        }
        var functions: [Function] = []
        for deployment in deployments { functions.append(try configuration.addFunction(deployment)) }
        configuration.addBuckets(buckets, functions)
        return configuration.finished
    }

    /// Bytes of a package that the provider sends within the request.
    static let directUploadLimit = FunctionPublisher.Options().directUploadLimit

    private var finished: JSON {
        // The first that knows `invoked_via_function_url` and a region's `region`.
        let provider: [(name: StaticString, json: JSON)] = [
            ("source", .string("hashicorp/aws")), ("version", .string(">= 6.29.0")),
        ]
        let nothing = JSON.object([("current", .object([]))])
        var members: [(name: String, json: JSON)] = [
            ("terraform", .object([("required_providers", .object([("aws", .object(provider))]))])),
            (
                "data",
                .object(named: [
                    ("aws_caller_identity", nothing), ("aws_partition", nothing), ("aws_region", nothing),
                ])
            ),
        ]
        // Terraform documentation, "JSON Configuration Syntax": a comment.
        if hasImages { members.insert(("//", .string(ImageNote.before)), at: 0) }
        if !variables.isEmpty { members.append(("variable", .object(named: variables))) }
        members.append(
            ("resource", .object(named: resources.map { ($0.type, .object(named: $0.items)) })))
        members.append(("output", .object(named: outputs)))
        return Placeholder.replaced(in: .object(named: members), by: Self.interpolated)
    }

    /// Terraform documentation, "Strings and Templates": what looks like an expression and is none is doubled.
    private static func interpolated(_ text: String) -> JSON {
        .string(
            Placeholder.pieces(of: text).map { piece in
                switch piece {
                case .literal(let text): text.replacing("${", with: "$${").replacing("%{", with: "%%{")
                case .expression(let expression): "${\(expression)}"
                }
            }.joined())
    }

    // MARK: - Writing

    /// A document as a text, expressions included.
    static func document(_ json: JSON) -> JSON { .utf8(json.text()) }

    /// A document as a text that Terraform writes: the values of its expressions may hold any letters.
    static func encoded(_ json: JSON) -> JSON {
        let document = Placeholder.replaced(in: json, by: interpolated)
        return .string(Placeholder.text("jsonencode(\(String(decoding: document.text(), as: UTF8.self)))"))
    }

    static func texts(_ list: [String]) -> JSON { .array(list.map { .string($0) }) }

    /// A place in the configuration: `aws_s3_bucket.videos`.
    static func place(_ type: String, _ label: String) -> String { "\(type).\(label)" }

    /// Stands for an attribute: `aws_lambda_function.frames.arn`.
    static func attribute(_ place: String, _ name: String) -> JSON { .string(Placeholder.text("\(place).\(name)")) }

    mutating func variable(
        _ label: String, _ text: String, type: String = "string", initial: String? = nil, isSecret: Bool = false
    ) {
        var members: [(name: StaticString, json: JSON)] = [("type", .string(type)), ("description", .string(text))]
        if let initial { members.append(("default", .string(initial))) }
        if isSecret { members.append(("sensitive", .bool(true))) }
        variables.append((label, .object(members)))
    }

    /// The resource's place.
    @discardableResult
    mutating func resource(
        _ type: String, _ label: String, after: [String] = [], _ arguments: [(name: StaticString, json: JSON)]
    ) -> String {
        resource(type, label, after: after, named: arguments.map { ($0.name.description, $0.json) })
    }

    @discardableResult
    mutating func resource(
        _ type: String, _ label: String, after: [String] = [], named arguments: Spelling.Members
    ) -> String {
        // What is empty is what AWS takes when nothing is said.
        var members = arguments.filter { $0.json != .array([]) && $0.json != .object([]) && !$0.json.isNull }
        if !after.isEmpty { members.append(("depends_on", Self.texts(after))) }
        let item = (name: label, json: JSON.object(named: members))
        if let index = resources.firstIndex(where: { $0.type == type }) {
            resources[index].items.append(item)
        } else {
            resources.append((type, [item]))
        }
        return Self.place(type, label)
    }

    mutating func output(_ label: String, _ text: String, _ value: JSON) {
        outputs.append((label, .object(named: [("description", .string(text)), ("value", value)])))
    }

    // MARK: - Buckets

    /// Buckets call functions, and must be allowed to before they are told to.
    private mutating func addBuckets(_ buckets: [BucketUse], _ functions: [Function]) {
        for bucket in buckets {
            let label = labels.lined(bucket.name)
            let place = resource(
                "aws_s3_bucket", label, [("bucket", .string(bucket.name)), ("tags", .record(bucket.tags))])
            let rules: [JSON] = bucket.rules.compactMap { item in
                functions.first { $0.name == item.function }.map { Self.notification(item.rule, $0) }
            }
            guard !rules.isEmpty else { continue }
            let callers = functions.filter { function in bucket.rules.contains { $0.function == function.name } }
            resource(
                "aws_s3_bucket_notification", label, after: callers.compactMap { $0.bucketPermissions[bucket.name] },
                [("bucket", Self.attribute(place, "id")), ("lambda_function", .array(rules))])
        }
    }

    private static func notification(_ rule: Notification.Rule, _ function: Function) -> JSON {
        var members: [(name: StaticString, json: JSON)] = [
            ("lambda_function_arn", attribute(function.alias, "arn")), ("events", texts(["s3:ObjectCreated:*"])),
        ]
        if !rule.prefix.isEmpty { members.append(("filter_prefix", .string(rule.prefix))) }
        if !rule.suffix.isEmpty { members.append(("filter_suffix", .string(rule.suffix))) }
        return .object(members)
    }
}
