internal import AWS
internal import JSON

extension CloudFormation {
    /// What a function hands events over to: the queue and the definition of its name, and what they need.
    mutating func addJob(_ deployment: Deployment, _ function: Function) throws(PublishError) {
        guard let job = deployment.job else { return }
        let group = addLogGroup(
            Session.jobLogGroup(deployment.name), deployment, labels.joined(function.title, "JobLogGroup"))
        var roles: [JobRole: String] = [:]
        for (role, duty) in JobRole.all(of: job, deployment, names) {
            roles[role] = addRole(duty, deployment, labels.joined(function.title, role.rawValue, "Role"))
        }
        addQueue(job, deployment, function.title, machines: roles[.machine])
        try addDefinition(job, deployment, function, roles, after: group)
    }

    private mutating func addDefinition(
        _ job: Deployment.Job, _ deployment: Deployment, _ function: Function, _ roles: [JobRole: String],
        after group: String
    ) throws(PublishError) {
        let job = JobVariables(job, of: deployment).filled(job, function: function.variables) { name in
            let label = labels.joined(function.title, "JobVariable", name)
            parameter(label, JobVariables.text(name, deployment.name), isSecret: true)
            return label
        }
        let arns = roles.mapValues { Placeholder.text($0 + ".Arn") }
        let members = Spelling.capitalised(try JobDefinitionPart.members(job, deployment, arns, names))
        resource(
            labels.joined(function.title, "JobDefinition"), "AWS::Batch::JobDefinition", after: [group],
            named: members + [("Tags", .record(deployment.tags))])
    }

    /// The environment's name is CloudFormation's choice: where it has to make another, both are there for a while.
    private mutating func addQueue(
        _ job: Deployment.Job, _ deployment: Deployment, _ title: String, machines: String?
    ) {
        let environment = labels.joined(title, "ComputeEnvironment")
        let resources = resources(job, deployment, title, machines: machines)
        let members = Spelling.capitalised(
            BatchAPI.environment(resources, serviceRole: job.compute.serviceRole))
        let tags = JSON.record(deployment.tags)
        resource(environment, "AWS::Batch::ComputeEnvironment", named: members + [("Tags", tags)])
        let queue = Spelling.capitalised(BatchAPI.queue(deployment.name, on: Placeholder.text(environment)))
        resource(labels.joined(title, "JobQueue"), "AWS::Batch::JobQueue", named: queue + [("Tags", tags)])
    }

    private mutating func resources(
        _ job: Deployment.Job, _ deployment: Deployment, _ title: String, machines: String?
    ) -> BatchAPI.Members {
        var profile = ""
        if let machines {
            profile = labels.joined(title, "InstanceProfile")
            resource(profile, "AWS::IAM::InstanceProfile", [("Roles", .array([Self.reference(machines)]))])
        }
        var values: [JobNetwork: JSON] = [:]
        for open in JobNetwork.open(in: job.compute) {
            let label = labels.joined(title, "Job", open.rawValue)
            let type = open == .subnets ? "List<AWS::EC2::Subnet::Id>" : "List<AWS::EC2::SecurityGroup::Id>"
            parameter(label, open.text(deployment.name), type: type)
            values[open] = Self.reference(label)
        }
        let resources = ComputePart.resources(
            job.compute, ComputePart.network(job.compute), profile: Placeholder.text(profile + ".Arn"))
        return JobNetwork.filled(resources.members, values)
    }
}
