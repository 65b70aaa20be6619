internal import AWS
internal import ByteKit
internal import JSON

/// A template of CloudFormation's. AWS CloudFormation User Guide, "Template anatomy"; SAM's, when it is serverless.
struct CloudFormation {
    /// Whether functions are written as SAM has them: their packages are files, which `sam deploy` uploads.
    let isServerless: Bool
    var names = TemplateNames(
        partitionName: Placeholder.text("AWS::Partition"), regionName: Placeholder.text("AWS::Region"),
        account: Placeholder.text("AWS::AccountId"), domain: Placeholder.text("AWS::URLSuffix"))
    var labels = Labels()
    var managed = TemplateRuntimes()
    private var hasImages = false
    private var parameters: [(name: String, json: JSON)] = []
    private var resources: [(name: String, json: JSON)] = []
    private var outputs: [(name: String, json: JSON)] = []

    init(isServerless: Bool) { self.isServerless = isServerless }

    func document(_ deployments: [Deployment], _ buckets: [BucketUse]) throws(PublishError) -> JSON {
        var template = self
        try template.fill(deployments, buckets)
        return template.finished
    }

    private mutating func fill(_ deployments: [Deployment], _ buckets: [BucketUse]) throws(PublishError) {
        hasImages = deployments.contains { $0.image != nil || $0.runtime != nil }
        if deployments.contains(where: { !$0.function.environment.isEmpty || !$0.keptVariables.isEmpty }) {
            parameter(
                labels.joined("Revision"),
                "Another value makes new versions: for when only values of variables change.", initial: "1")
        }
        if !isServerless, deployments.contains(where: { $0.package != nil }) {
            parameter(labels.joined("PackagesBucket"), "The bucket that the packages were uploaded to.")
        }
        var functions: [Function] = []
        for deployment in deployments { functions.append(try addFunction(deployment)) }
        addBuckets(buckets, functions)
    }

    private var finished: JSON {
        var members: [(name: String, json: JSON)] = [("AWSTemplateFormatVersion", .string("2010-09-09"))]
        if isServerless { members.append(("Transform", .string("AWS::Serverless-2016-10-31"))) }
        if hasImages { members.append(("Description", .string(ImageNote.before))) }
        if !parameters.isEmpty { members.append(("Parameters", .object(named: parameters))) }
        members.append(("Resources", .object(named: resources)))
        members.append(("Outputs", .object(named: outputs)))
        return Placeholder.replaced(in: .object(named: members), by: Self.substituted)
    }

    /// CloudFormation Template Reference, "Fn::Sub": what looks like a variable and is none has a `!`.
    private static func substituted(_ text: String) -> JSON {
        let pieces = Placeholder.pieces(of: text)
        var format = ""
        var isLiteral = true
        for piece in pieces {
            switch piece {
            case .literal(let text): format += text.replacing("${", with: "${!")
            case .expression(let expression):
                format += "${\(expression)}"
                isLiteral = false
            }
        }
        return isLiteral ? .string(text) : .object([("Fn::Sub", .string(format))])
    }

    // MARK: - Writing

    static func reference(_ label: String) -> JSON { .object([("Ref", .string(label))]) }

    static func attribute(_ label: String, _ name: String) -> JSON {
        .object([("Fn::GetAtt", .array([.string(label), .string(name)]))])
    }

    static func texts(_ list: [String]) -> JSON { .array(list.map { .string($0) }) }

    /// Tags as most resources have them.
    static func tags(_ tags: [String: String]) -> JSON {
        .array(
            tags.sorted { $0.key < $1.key }.map { .object([("Key", .string($0.key)), ("Value", .string($0.value))]) })
    }

    mutating func parameter(
        _ label: String, _ text: String, type: String = "String", initial: String? = nil, isSecret: Bool = false
    ) {
        var members: [(name: StaticString, json: JSON)] = [("Type", .string(type)), ("Description", .string(text))]
        if let initial { members.append(("Default", .string(initial))) }
        if isSecret { members.append(("NoEcho", .bool(true))) }
        parameters.append((label, .object(members)))
    }

    mutating func resource(
        _ label: String, _ type: String, after: [String] = [], isKept: Bool = false,
        _ properties: [(name: StaticString, json: JSON)]
    ) {
        resource(
            label, type, after: after, isKept: isKept, named: properties.map { ($0.name.description, $0.json) })
    }

    mutating func resource(
        _ label: String, _ type: String, after: [String] = [], isKept: Bool = false, named properties: Spelling.Members
    ) {
        var members: [(name: StaticString, json: JSON)] = [("Type", .string(type))]
        if !after.isEmpty { members.append(("DependsOn", Self.texts(after))) }
        if isKept {
            members.append(("DeletionPolicy", .string("Retain")))
            members.append(("UpdateReplacePolicy", .string("Retain")))
        }
        // What is empty is what AWS takes when nothing is said.
        members.append(
            ("Properties", .object(named: properties.filter { $0.json != .array([]) && $0.json != .object([]) })))
        resources.append((label, .object(members)))
    }

    mutating func output(_ label: String, _ text: String, _ value: JSON) {
        outputs.append((label, .object(named: [("Description", .string(text)), ("Value", value)])))
    }

    // MARK: - Buckets

    /// Buckets call functions, and must be allowed to before they are told to.
    private mutating func addBuckets(_ buckets: [BucketUse], _ functions: [Function]) {
        for bucket in buckets {
            let callers = functions.filter { function in bucket.rules.contains { $0.function == function.name } }
            let rules: [JSON] = bucket.rules.compactMap { item in
                callers.first { $0.name == item.function }.map { Self.notification(item.rule, $0.alias) }
            }
            var properties: [(name: StaticString, json: JSON)] = [
                ("BucketName", .string(bucket.name)), ("Tags", Self.tags(bucket.tags)),
            ]
            if !rules.isEmpty {
                properties.append(
                    ("NotificationConfiguration", .object([("LambdaConfigurations", .array(rules))])))
            }
            resource(
                labels.joined(bucket.name, "Bucket"), "AWS::S3::Bucket",
                after: callers.flatMap { $0.bucketPermissions[bucket.name].map { [$0] } ?? [] }, isKept: true,
                properties)
        }
    }

    private static func notification(_ rule: Notification.Rule, _ alias: JSON) -> JSON {
        var members: [(name: StaticString, json: JSON)] = [
            ("Event", .string("s3:ObjectCreated:*")), ("Function", alias),
        ]
        let filters = [("prefix", rule.prefix), ("suffix", rule.suffix)].filter { !$0.1.isEmpty }
        if !filters.isEmpty {
            let rules = filters.map { name, value in
                JSON.object([("Name", .string(name)), ("Value", .string(value))])
            }
            members.append(("Filter", .object([("S3Key", .object([("Rules", .array(rules))]))])))
        }
        return .object(members)
    }
}
