internal import AWS
internal import JSON

extension Terraform {
    /// What a function hands events over to: the queue and the definition of its name, and what they need.
    mutating func addJob(_ deployment: Deployment, _ function: Function) throws(PublishError) {
        guard let job = deployment.job else { return }
        let group = addLogGroup(
            Session.jobLogGroup(deployment.name), deployment, labels.lined(function.label, "job_log"))
        var roles: [JobRole: Role] = [:]
        for (role, duty) in JobRole.all(of: job, deployment, names) {
            roles[role] = addRole(duty, deployment, labels.lined(function.label, "\(role.rawValue)_role"))
        }
        addQueue(job, deployment, function.label, machines: roles[.machine])
        try addDefinition(job, deployment, function, roles, after: group)
    }

    private mutating func addDefinition(
        _ job: Deployment.Job, _ deployment: Deployment, _ function: Function, _ roles: [JobRole: Role],
        after group: String
    ) throws(PublishError) {
        let job = JobVariables(job, of: deployment).filled(job, function: function.variables) { name in
            let label = labels.lined(function.label, "job_variable", name)
            variable(label, JobVariables.text(name, deployment.name), isSecret: true)
            return "var.\(label)"
        }
        let arns = roles.mapValues { Placeholder.text("\($0.place).arn") }
        // The provider takes documents as texts, spelled as the API has them.
        let members = try JobDefinitionPart.members(job, deployment, arns, names).map { member in
            (name: member.name, json: member.json.members == nil ? member.json : Self.encoded(member.json))
        }
        resource(
            "aws_batch_job_definition", function.label, after: [group] + roles.values.flatMap(\.policies).sorted(),
            named: Spelling.lined(members) + [("tags", .record(deployment.tags))])
    }

    /// The environment's name is the provider's choice but for its beginning: where it has to make another, both are there
    /// for a while.
    private mutating func addQueue(
        _ job: Deployment.Job, _ deployment: Deployment, _ label: String, machines: Role?
    ) {
        let tags = JSON.record(deployment.tags)
        let resources = resources(job, deployment, label, machines: machines)
        var members = Spelling.lined(BatchAPI.environment(resources, serviceRole: job.compute.serviceRole))
        let prefix = ComputePart.name(deployment.name, job.compute.kind) + "-"
        members.insert(("name_prefix", .string(prefix)), at: 0)
        members.append(("tags", tags))
        members.append(("lifecycle", .object([("create_before_destroy", .bool(true))])))
        let environment = resource(
            "aws_batch_compute_environment", label, after: machines?.policies ?? [], named: members)
        let queue = BatchAPI.queue(deployment.name, on: Placeholder.text("\(environment).arn"))
        resource("aws_batch_job_queue", label, named: Spelling.lined(queue) + [("tags", tags)])
    }

    private mutating func resources(
        _ job: Deployment.Job, _ deployment: Deployment, _ label: String, machines: Role?
    ) -> BatchAPI.Members {
        var profile = ""
        if let machines {
            profile = resource(
                "aws_iam_instance_profile", label,
                [("role", Self.attribute(machines.place, "name")), ("tags", .record(deployment.tags))])
        }
        var values: [JobNetwork: JSON] = [:]
        for open in JobNetwork.open(in: job.compute) {
            let variable = labels.lined(label, open == .subnets ? "job_subnets" : "job_security_groups")
            self.variable(variable, open.text(deployment.name), type: "list(string)")
            values[open] = .string(Placeholder.text("var.\(variable)"))
        }
        let resources = ComputePart.resources(
            job.compute, ComputePart.network(job.compute), profile: Placeholder.text("\(profile).arn"))
        return JobNetwork.filled(resources.members, values)
    }
}
