internal import AWS

/// What jobs run on. A compute environment keeps its kind for good, so each kind has an environment of its own; the queue
/// goes from one to the other.
struct ComputePart: Part {
    /// Batch takes no character here that a function's name cannot hold. So no kind ends with a hyphen and another kind:
    /// `frames-fargate-spot` would be Fargate's for `frames`, and that of machines for `frames-fargate`.
    static func name(_ function: String, _ kind: Deployment.Job.Compute.Kind) -> String {
        "\(function)-\(kind.type.lowercased())"
    }

    func changes(for deployment: Deployment, after before: [Change], _ session: Session) throws -> [Change] {
        guard let job = deployment.job else { return [] }
        let compute = job.compute
        let name = Self.name(deployment.name, compute.kind)
        let wanted = try resources(job, deployment.name, session)
        let tags = deployment.allTags
        let found = try session.batch.environments([name]).first
        let isLeaving = found?.condition.isLeaving == true
        guard let there = found, !isLeaving else {
            return [
                Change(.create, "compute environment", name, Self.differences(nil, wanted)) { session in
                    if isLeaving {
                        try BatchRemoval.awaitEnd(of: "the compute environment \(name)", session) {
                            try session.batch.environments([name]).first?.condition.isLeaving != true
                        }
                    }
                    try Self.create(name, of: deployment.name, wanted, compute.serviceRole, tags, session)
                    try Self.settled(name, session)
                }
            ]
        }
        guard Deployment.isOurs(there.tags, of: deployment.name) else { throw Self.notOurs(name) }
        var details = Self.differences(there.resources, wanted)
        if !there.condition.isEnabled { details.append(.init("state", from: "DISABLED", to: "ENABLED")) }
        // Batch tries again when it is told something, be it the same.
        if there.condition.status == "INVALID" {
            details.append(.init("status", from: "INVALID (\(there.condition.reason))", to: "VALID"))
        }
        guard !details.isEmpty else {
            guard there.condition.status != "VALID" else { return [] }
            // One that another run has begun with may not be ready.
            let detail = Change.Detail("status", from: there.condition.status, to: "VALID")
            return [Change(.update, "compute environment", name, [detail]) { try Self.settled(name, $0) }]
        }
        return [
            Change(.update, "compute environment", name, details) { session in
                try session.batch.updateEnvironment(name, from: there.resources, to: wanted)
                try Self.settled(name, session)
            }
        ]
    }

    private func resources(
        _ job: Deployment.Job, _ function: String, _ session: Session
    ) throws -> BatchAPI.Resources {
        var network = Self.network(job.compute)
        if network.subnets.isEmpty || network.securityGroups.isEmpty {
            guard let usual = try session.network.defaultNetwork() else {
                throw PublishError(
                    .settings, "\(session.region.name) has no default network for the jobs of \(function)",
                    hint: "name one: ‘batch.compute.subnets’ and ‘securityGroups’")
            }
            if network.subnets.isEmpty { network.subnets = usual.subnets }
            if network.securityGroups.isEmpty { network.securityGroups = usual.securityGroups }
        }
        return Self.resources(
            job.compute, network, profile: session.instanceProfileARN(session.machineRoleName(function)))
    }

    /// The network that the recipe names; what is empty of it is the default network's.
    static func network(_ compute: Deployment.Job.Compute) -> EC2API.Network {
        EC2API.Network(subnets: compute.subnets.sorted(), securityGroups: compute.securityGroups.sorted())
    }

    /// What a compute environment has.
    ///
    /// - Parameter profile: the ARN of the instance profile that is made for machines when the recipe names none.
    static func resources(
        _ compute: Deployment.Job.Compute, _ network: EC2API.Network, profile: String
    ) -> BatchAPI.Resources {
        var machines: BatchAPI.Resources.Machines?
        if !compute.kind.isFargate {
            machines = .init(
                minVcpus: compute.minVcpus, types: compute.instanceTypes,
                profile: compute.instanceProfile ?? profile)
        }
        return BatchAPI.Resources(
            type: compute.kind.type, maxVcpus: compute.maxVcpus, subnets: network.subnets,
            securityGroups: network.securityGroups, machines: machines)
    }

    private static func create(
        _ name: String, of function: String, _ resources: BatchAPI.Resources, _ serviceRole: String?,
        _ tags: [String: String], _ session: Session
    ) throws {
        // An instance profile that was made a moment ago is not known everywhere yet.
        func isExpected(_ error: AWSError) -> Bool {
            error.isService("ClientException") && error.message.lowercased().contains("instance")
                && (error.message.contains("not found") || error.message.contains("does not exist"))
        }
        do {
            try session.persevering(while: isExpected) {
                try session.batch.createEnvironment(name, resources, serviceRole: serviceRole, tags: tags)
            }
        } catch let error as AWSError where error.kind == .service {
            // It was made, and the answer was lost.
            guard let found = try session.batch.environments([name]).first else { throw error }
            guard Deployment.isOurs(found.tags, of: function) else { throw notOurs(name) }
        }
    }

    /// Waits until Batch has finished with it; says what it says when it comes to nothing.
    private static func settled(_ name: String, _ session: Session) throws {
        _ = try session.wait(for: "the compute environment \(name) to be ready", limit: .seconds(600)) { () -> Bool? in
            guard let found = try session.batch.environments([name]).first else { return nil }
            switch found.condition.status {
            case "VALID": return true
            case "INVALID":
                throw PublishError(
                    .failed, "AWS Batch cannot use the compute environment \(name): \(found.condition.reason)",
                    hint: "when that is mended, run the same command again")
            default: return nil
            }
        }
    }

    private static func differences(_ old: BatchAPI.Resources?, _ new: BatchAPI.Resources) -> [Change.Detail] {
        var details: [Change.Detail] = []
        func compare(_ name: String, _ old: String?, _ new: String) {
            if old != new { details.append(.init(name, from: old, to: new)) }
        }
        compare("kind", old?.type, new.type)
        compare("most vCPUs", old.map { "\($0.maxVcpus)" }, "\(new.maxVcpus)")
        compare("subnets", old?.subnets.joined(separator: ", "), new.subnets.joined(separator: ", "))
        compare(
            "security groups", old?.securityGroups.joined(separator: ", "),
            new.securityGroups.joined(separator: ", "))
        guard let machines = new.machines else { return details }
        compare("fewest vCPUs", old?.machines.map { "\($0.minVcpus)" }, "\(machines.minVcpus)")
        compare("instance types", old?.machines?.types.joined(separator: ", "), machines.types.joined(separator: ", "))
        compare("instance profile", old?.machines?.profile, machines.profile)
        return details
    }

    private static func notOurs(_ name: String) -> PublishError {
        PublishError(
            .notOurs, "there is a compute environment \(name) that was not made here",
            hint: "give the recipe another name, or remove it")
    }
}
