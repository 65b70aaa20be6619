internal import AWS
internal import JSON

/// The role that the function runs as, with a policy of what it needs and no more.
struct RolePart: Part {
    func changes(for deployment: Deployment, after before: [Change], _ session: Session) throws -> [Change] {
        guard deployment.role == nil else { return [] }
        let role = DesiredRole(
            name: session.roleName(deployment.name), duty: Self.duty(of: deployment, session))
        return try role.changes(for: deployment, session)
    }

    static func duty(of deployment: Deployment, _ names: some Naming) -> RoleDuty {
        RoleDuty(
            purpose: "What the function \(deployment.name) runs as", service: "lambda.amazonaws.com",
            policy: Policy.document(for: deployment, names))
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

    /// What a function does while it runs: it logs, reads what is under its inputs, and writes what goes to its outputs;
    /// or it hands over to AWS Batch, or both.
    static func document(for deployment: Deployment, _ names: some Naming) -> JSON {
        let group = names.logGroupARN(Session.logGroup(deployment.name))
        var statements = [allow(["logs:CreateLogStream", "logs:PutLogEvents"], on: ["\(group):*"])]
        if deployment.job?.takesAll != true { statements += files(deployment, names) }
        if let job = deployment.job { statements += submission(job, deployment.name, names) }
        if !deployment.queues.isEmpty {
            let actions = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
            statements.append(allow(actions, on: unique(deployment.queues.map(\.arn))))
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
            statements.append(
                allow(
                    ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"], on: ["*"],
                    when: ("StringEquals", .object([("elasticfilesystem:AccessPointArn", .string(system.arn))]))))
        }
        if let target = deployment.deadLetter {
            let isTopic = target.split(separator: ":").dropFirst(2).first == "sns"
            statements.append(allow([isTopic ? "sns:Publish" : "sqs:SendMessage"], on: [target]))
        }
        return document(statements)
    }

    /// Reading inputs and writing outputs.
    private static func files(_ deployment: Deployment, _ names: some Naming) -> [JSON] {
        var statements: [JSON] = []
        let read = deployment.inputs.map { objects(in: $0, names) }
        if !read.isEmpty { statements.append(allow(["s3:GetObject"], on: unique(read))) }
        let written = deployment.outputs.map { objects(in: $0, names) }
        // An upload in parts that fails must be able to take its parts away.
        if !written.isEmpty {
            statements.append(allow(["s3:AbortMultipartUpload", "s3:PutObject"], on: unique(written)))
        }
        return statements
    }

    private static func objects(in channel: Deployment.Channel, _ names: some Naming) -> String {
        "\(names.bucketARN(channel.bucket))/\(channel.keyPrefix)*"
    }

    /// Handing events over. Service Authorization Reference, "AWS Batch": a definition is meant with and without its
    /// revision.
    private static func submission(_ job: Deployment.Job, _ name: String, _ names: some Naming) -> [JSON] {
        let definition = names.batchARN("job-definition", name)
        let places = [definition, "\(definition):*", names.batchARN("job-queue", name)]
        let submit = allow(["batch:SubmitJob"], on: places)
        guard let events = job.events else { return [submit] }
        return [submit, allow(["s3:AbortMultipartUpload", "s3:PutObject"], on: [objects(in: events, names)])]
    }

    /// What a job does while it runs; its log is not its own affair. Nil when it needs nothing.
    static func ofJob(_ job: Deployment.Job, _ deployment: Deployment, _ names: some Naming) -> JSON? {
        var statements = files(deployment, names)
        if let events = job.events { statements.append(allow(["s3:GetObject"], on: [objects(in: events, names)])) }
        return statements.isEmpty ? nil : document(statements)
    }

    /// What ECS does for a job on Fargate before it runs: it fetches the image, and opens the log.
    static func ofStart(_ name: String, _ names: some Naming) -> JSON {
        document([
            // A login is for the whole registry: it has no name.
            allow(["ecr:GetAuthorizationToken"], on: ["*"]),
            allow(
                ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
                on: [names.repositoryARN(name)]),
            allow(
                ["logs:CreateLogStream", "logs:PutLogEvents"],
                on: ["\(names.logGroupARN(Session.jobLogGroup(name))):*"]),
        ])
    }

    static func document(_ statements: [JSON]) -> JSON {
        .object([("Version", .string("2012-10-17")), ("Statement", .array(statements))])
    }

    /// - Parameter condition: an operator, and what it holds against what.
    static func allow(
        _ actions: [String], on resources: [String], when condition: (operator: StaticString, keys: JSON)? = nil
    ) -> JSON {
        var members: [(name: StaticString, json: JSON)] = [
            ("Effect", .string("Allow")), ("Action", .array(actions.map { .string($0) })),
            ("Resource", .array(resources.map { .string($0) })),
        ]
        if let condition { members.append(("Condition", .object([(condition.operator, condition.keys)]))) }
        return .object(members)
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
