internal import AWS

/// The roles that jobs need: what the program runs as, what fetches the image on Fargate, and what machines are.
struct JobRolesPart: Part {
    func changes(for deployment: Deployment, after before: [Change], _ session: Session) throws -> [Change] {
        guard let job = deployment.job else { return [] }
        let tags = deployment.allTags
        var changes: [Change] = []
        for role in Self.roles(job, deployment, session) { changes += try role.changes(for: deployment, session) }
        guard Self.makesProfile(job) else { return changes }
        return try changes + profile(session.machineRoleName(deployment.name), tags, session)
    }

    private static func roles(_ job: Deployment.Job, _ deployment: Deployment, _ session: Session) -> [DesiredRole] {
        let name = deployment.name
        var roles: [DesiredRole] = []
        if let policy = Policy.ofJob(job, deployment, session) {
            roles.append(
                DesiredRole(
                    name: session.jobRoleName(name), purpose: "What jobs of the function \(name) run as",
                    service: "ecs-tasks.amazonaws.com", policy: policy))
        }
        if job.compute.kind.isFargate {
            roles.append(
                DesiredRole(
                    name: session.startRoleName(name), purpose: "What starts jobs of the function \(name)",
                    service: "ecs-tasks.amazonaws.com", policy: Policy.ofStart(name, session)))
        } else if makesProfile(job) {
            let policy =
                "arn:\(session.region.partitionName):iam::aws:policy/service-role/"
                + "AmazonEC2ContainerServiceforEC2Role"
            roles.append(
                DesiredRole(
                    name: session.machineRoleName(name), purpose: "What machines are that run jobs of \(name)",
                    service: "ec2.amazonaws.com", policy: nil, managed: [policy]))
        }
        return roles
    }

    private static func makesProfile(_ job: Deployment.Job) -> Bool {
        !job.compute.kind.isFargate && job.compute.instanceProfile == nil
    }

    /// A machine is a role by way of an instance profile. It has the role's name.
    private func profile(_ name: String, _ tags: [String: String], _ session: Session) throws -> [Change] {
        let found = try session.identity.instanceProfile(name)
        guard found?.roles.contains(name) != true else { return [] }
        return [
            Change(found == nil ? .create : .update, "instance profile", name, [.init("role", to: name)]) { session in
                if found == nil {
                    do throws(AWSError) {
                        try session.identity.createInstanceProfile(name, tags: tags)
                    } catch {
                        guard error.isService("EntityAlreadyExists") else { throw error }
                    }
                }
                try session.persevering(while: \.isNotFound) {
                    do throws(AWSError) {
                        try session.identity.add(role: name, toInstanceProfile: name)
                    } catch {
                        // There is room for one role, and it is there: an answer was lost.
                        let there = try session.identity.instanceProfile(name)?.roles ?? []
                        guard error.isService("LimitExceeded"), there.contains(name) else { throw error }
                    }
                }
            }
        ]
    }
}
