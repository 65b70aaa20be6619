extension Deployment {
    /// The jobs of AWS Batch that a function hands events over to.
    package struct Job: Sendable, Equatable {
        package var vcpus: Int
        /// MiB.
        package var memory: Int
        package var gpus: Int
        /// 1 is an ordinary job.
        package var nodes: Int
        /// Variables of the job's container.
        package var environment: [String: String]
        /// Whether the function hands over every event, and does nothing else.
        package var takesAll: Bool
        /// Where events go that are too long for a job's environment.
        package var events: Channel?
        package var compute: Compute

        package init(
            vcpus: Int = 1, memory: Int = 1024, gpus: Int = 0, nodes: Int = 1, environment: [String: String] = [:],
            takesAll: Bool, events: Channel? = nil, compute: Compute = Compute()
        ) {
            self.vcpus = vcpus
            self.memory = memory
            self.gpus = gpus
            self.nodes = nodes
            self.environment = environment
            self.takesAll = takesAll
            self.events = events
            self.compute = compute
        }
    }
}

extension Deployment.Job {
    /// What jobs run on.
    package struct Compute: Sendable, Equatable {
        package enum Kind: String, Sendable, CaseIterable {
            case ec2, spot, fargate
            case fargateSpot = "fargate-spot"

            /// As Batch calls it.
            var type: String {
                switch self {
                case .ec2: "EC2"
                case .spot: "SPOT"
                case .fargate: "FARGATE"
                case .fargateSpot: "FARGATE_SPOT"
                }
            }

            /// Whether there are no machines to see.
            package var isFargate: Bool { self == .fargate || self == .fargateSpot }
        }

        package var kind: Kind
        package var minVcpus: Int
        package var maxVcpus: Int
        package var instanceTypes: [String]
        /// The default network's when empty.
        package var subnets: [String]
        /// The default network's when empty.
        package var securityGroups: [String]
        /// The ARN of the machines' instance profile; nil has one made.
        package var instanceProfile: String?
        /// The ARN of the role that Batch acts as; nil for the one that it makes itself.
        package var serviceRole: String?

        package init(
            kind: Kind = .ec2, minVcpus: Int = 0, maxVcpus: Int = 2, instanceTypes: [String] = ["optimal"],
            subnets: [String] = [], securityGroups: [String] = [], instanceProfile: String? = nil,
            serviceRole: String? = nil
        ) {
            self.kind = kind
            self.minVcpus = minVcpus
            self.maxVcpus = maxVcpus
            self.instanceTypes = instanceTypes
            self.subnets = subnets
            self.securityGroups = securityGroups
            self.instanceProfile = instanceProfile
            self.serviceRole = serviceRole
        }
    }

    /// Checks what is wrong with the settings together, so that no job waits for ever for a machine that never comes.
    ///
    /// AWS Batch User Guide, "Job definition parameters", "Multi-node parallel jobs" and "Compute resource AMIs".
    ///
    /// - Parameters:
    ///   - name: the function's, for the message.
    ///   - architecture: `x86_64` or `arm64`.
    package func validate(name: String, architecture: String) throws(PublishError) {
        if let first = name.utf8.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "_") {
            throw PublishError(
                .settings, "a job queue cannot be called ‘\(name)’: its name begins with a letter or digit",
                hint: "give the recipe another name")
        }
        if compute.kind.isFargate {
            try validateFargate(name)
        } else {
            try validateMachines(name, architecture)
        }
        // A security group of one network is of no use in another.
        guard compute.subnets.isEmpty || !compute.securityGroups.isEmpty else {
            throw PublishError(
                .settings, "\(name): ‘batch.compute’ has subnets and no security groups",
                hint: "name ‘batch.compute.securityGroups’ of the subnets' network")
        }
        guard compute.minVcpus <= compute.maxVcpus else {
            throw PublishError(
                .settings,
                "\(name): batch.compute.minVcpus (\(compute.minVcpus)) is more than maxVcpus (\(compute.maxVcpus))")
        }
        guard vcpus * nodes <= compute.maxVcpus else {
            let need = nodes > 1 ? "\(nodes) nodes of \(vcpus) vCPUs" : "\(vcpus) vCPUs"
            throw PublishError(
                .settings, "\(name): a job has \(need), and batch.compute.maxVcpus allows \(compute.maxVcpus)",
                hint: "raise maxVcpus: a job that does not fit waits for ever")
        }
    }

    private func validateMachines(_ name: String, _ architecture: String) throws(PublishError) {
        if nodes > 1, compute.kind == .spot {
            throw PublishError(
                .settings, "\(name): jobs of several nodes cannot run on spot machines",
                hint: "set ‘batch.compute.kind’ to \"ec2\"")
        }
        guard compute.instanceTypes.contains("optimal") else { return }
        if gpus > 0 {
            throw PublishError(
                .settings, "\(name): a job wants GPUs, and the instance types of ‘optimal’ have none",
                hint: "name types that have, as ‘batch.compute.instanceTypes’: [\"g4dn\"]")
        }
        if architecture == "arm64" {
            throw PublishError(
                .settings, "\(name): the image is for arm64, and the instance types of ‘optimal’ are x86-64",
                hint: "name Graviton types, as ‘batch.compute.instanceTypes’: [\"m7g\"]")
        }
    }

    /// vCPUs → the memory that goes with them: least, most and step, in MiB.
    private static let fargateSizes: [Int: (least: Int, most: Int, step: Int)] = [
        1: (2048, 8192, 1024), 2: (4096, 16_384, 1024), 4: (8192, 30_720, 1024), 8: (16_384, 61_440, 4096),
        16: (32_768, 122_880, 8192),
    ]

    private func validateFargate(_ name: String) throws(PublishError) {
        if gpus > 0 || nodes > 1 {
            throw PublishError(
                .settings, "\(name): on Fargate there are neither GPUs nor jobs of several nodes",
                hint: "set ‘batch.compute.kind’ to \"ec2\"")
        }
        guard let size = Self.fargateSizes[vcpus] else {
            let list = Self.fargateSizes.keys.sorted().map(String.init).joined(separator: ", ")
            throw PublishError(.settings, "\(name): on Fargate a job has \(list) vCPUs, and not \(vcpus)")
        }
        guard memory >= size.least, memory <= size.most, (memory - size.least) % size.step == 0 else {
            throw PublishError(
                .settings,
                "\(name): on Fargate a job with \(vcpus) vCPUs has from \(size.least) to \(size.most) MiB in steps of "
                    + "\(size.step), and not \(memory)", hint: "set ‘batch.memory’, for example to \(size.least)")
        }
    }
}
