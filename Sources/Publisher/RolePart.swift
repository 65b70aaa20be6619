internal import AWS
internal import JSON

/// The role that the function runs as, with a policy of what it needs and no more.
struct RolePart: Part {
    static let policyName = "scar-build"

    func changes(for deployment: Deployment, after before: [Change], _ session: Session) throws -> [Change] {
        guard deployment.role == nil else { return [] }
        let name = session.roleName(deployment.name)
        let policy = Policy.document(for: deployment, session)
        let tags = deployment.allTags
        guard let role = try session.identity.role(name) else {
            return [
                Change(.create, "role", name, [.init("policy", to: Policy.summary(policy))]) { session in
                    try Self.create(name, "What the function \(deployment.name) runs as", tags, session)
                    try session.persevering(while: \.isNotFound) {
                        try session.identity.putPolicy(Self.policyName, policy, of: name)
                    }
                }
            ]
        }
        guard Self.isOurs(role) else { throw Self.notOurs(name) }
        var changes: [Change] = []
        let trust = Policy.trust(in: "lambda.amazonaws.com")
        if role.trust != trust {
            changes.append(
                Change(.update, "role", name, [.init("who may be it", to: "lambda.amazonaws.com")]) { session in
                    try session.identity.updateTrust(name, trust)
                })
        }
        let old = try session.identity.policy(Self.policyName, of: name)
        if old != policy {
            let detail = Change.Detail("policy", from: old.map(Policy.summary), to: Policy.summary(policy))
            changes.append(
                Change(.update, "role", name, [detail]) { session in
                    try session.identity.putPolicy(Self.policyName, policy, of: name)
                })
        }
        return changes
    }

    private static func create(
        _ name: String, _ description: String, _ tags: [String: String], _ session: Session
    ) throws {
        do throws(AWSError) {
            _ = try session.identity.createRole(
                name, trust: Policy.trust(in: "lambda.amazonaws.com"), description: description, tags: tags)
        } catch {
            // It was made, and the answer was lost; or somebody else was faster.
            guard error.isService("EntityAlreadyExists") else { throw error }
            guard let role = try session.identity.role(name), isOurs(role) else { throw notOurs(name) }
        }
    }

    private static func isOurs(_ role: IdentityAPI.Role) -> Bool {
        role.tags[Deployment.mark.name] == Deployment.mark.value
    }

    private static func notOurs(_ name: String) -> PublishError {
        PublishError(
            .notOurs, "there is a role \(name) that was not made here",
            hint: "name it in the recipe, as ‘function.role’, if the function is to run as it, or remove it")
    }
}

/// Policies of IAM. IAM User Guide, "IAM JSON policy element reference".
enum Policy {
    static func trust(in service: String) -> JSON {
        document([
            .object([
                ("Effect", .string("Allow")), ("Principal", .object([("Service", .string(service))])),
                ("Action", .string("sts:AssumeRole")),
            ])
        ])
    }

    /// What a function does while it runs: it logs, reads what is under its inputs, and writes what goes to its outputs.
    static func document(for deployment: Deployment, _ names: some Naming) -> JSON {
        let group = names.logGroupARN(Session.logGroup(deployment.name))
        var statements = [allow(["logs:CreateLogStream", "logs:PutLogEvents"], on: ["\(group):*"])]
        let read = deployment.inputs.map { "\(names.bucketARN($0.bucket))/\($0.keyPrefix)*" }
        if !read.isEmpty { statements.append(allow(["s3:GetObject"], on: unique(read))) }
        let written = deployment.outputs.map { "\(names.bucketARN($0.bucket))/\($0.keyPrefix)*" }
        // An upload in parts that fails must be able to take its parts away.
        if !written.isEmpty {
            statements.append(allow(["s3:AbortMultipartUpload", "s3:PutObject"], on: unique(written)))
        }
        if deployment.network != nil {
            // Lambda itself makes these interfaces as the function's role, and they have no name beforehand.
            let actions = [
                "AssignPrivateIpAddresses", "CreateNetworkInterface", "DeleteNetworkInterface",
                "DescribeNetworkInterfaces", "DescribeSubnets", "UnassignPrivateIpAddresses",
            ]
            statements.append(allow(actions.map { "ec2:\($0)" }, on: ["*"]))
        }
        for system in deployment.fileSystems {
            var statement = allow(
                ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"], on: ["*"])
            let condition = JSON.object([
                ("StringEquals", .object([("elasticfilesystem:AccessPointArn", .string(system.arn))]))
            ])
            if case .object(let members) = statement.value {
                statement = JSON(.object(members + [JSON.Member(name: Array("Condition".utf8), json: condition)]))
            }
            statements.append(statement)
        }
        if let target = deployment.deadLetter {
            let isTopic = target.split(separator: ":").dropFirst(2).first == "sns"
            statements.append(allow([isTopic ? "sns:Publish" : "sqs:SendMessage"], on: [target]))
        }
        return document(statements)
    }

    static func document(_ statements: [JSON]) -> JSON {
        .object([("Version", .string("2012-10-17")), ("Statement", .array(statements))])
    }

    static func allow(_ actions: [String], on resources: [String]) -> JSON {
        .object([
            ("Effect", .string("Allow")), ("Action", .array(actions.map { .string($0) })),
            ("Resource", .array(resources.map { .string($0) })),
        ])
    }

    /// The actions that a policy allows, for people.
    static func summary(_ policy: JSON) -> String {
        var actions: [String] = []
        for statement in policy["Statement"]?.array ?? [] {
            let names = (statement["Action"]?.array ?? []).compactMap(\.string).joined(separator: ", ")
            let places = (statement["Resource"]?.array ?? []).compactMap(\.string).joined(separator: ", ")
            actions.append("\(names) on \(places)")
        }
        return actions.joined(separator: "; ")
    }

    private static func unique(_ texts: [String]) -> [String] { Set(texts).sorted() }
}
