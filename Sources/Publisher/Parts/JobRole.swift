internal import JSON

/// A role that jobs need. Its value ends its name.
enum JobRole: String {
    /// What the program runs as.
    case job
    /// What fetches the image and opens the log, on Fargate.
    case start
    /// What machines are.
    case machine

    /// The roles that a job needs, each with what it should be but for its name.
    static func all(
        of job: Deployment.Job, _ deployment: Deployment, _ names: some Naming
    ) -> [(role: JobRole, duty: RoleDuty)] {
        let name = deployment.name
        var roles: [(role: JobRole, duty: RoleDuty)] = []
        if let policy = Policy.ofJob(job, deployment, names) {
            roles.append(
                (
                    .job,
                    RoleDuty(
                        purpose: "What jobs of the function \(name) run as", service: "ecs-tasks.amazonaws.com",
                        policy: policy)
                ))
        }
        if job.compute.kind.isFargate {
            roles.append(
                (
                    .start,
                    RoleDuty(
                        purpose: "What starts jobs of the function \(name)", service: "ecs-tasks.amazonaws.com",
                        policy: Policy.ofStart(name, names))
                ))
        } else if makesProfile(job) {
            let policy =
                "arn:\(names.partitionName):iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role"
            roles.append(
                (
                    .machine,
                    RoleDuty(
                        purpose: "What machines are that run jobs of \(name)", service: "ec2.amazonaws.com",
                        policy: nil, managed: [policy])
                ))
        }
        return roles
    }

    /// Whether machines get a role of their own, by way of an instance profile.
    static func makesProfile(_ job: Deployment.Job) -> Bool {
        !job.compute.kind.isFargate && job.compute.instanceProfile == nil
    }
}
