internal import AWS

/// The roles that jobs need: what the program runs as, what fetches the image on Fargate, and what machines are.
struct JobRolesPart: Part {
    func changes(for deployment: Deployment, after before: [Change], _ session: Session) throws -> [Change] {
        guard let job = deployment.job else { return [] }
        var changes: [Change] = []
        for role in Self.roles(job, deployment, session) { changes += try role.changes(for: deployment, session) }
        guard Self.makesProfile(job) else { return changes }
        return try changes + profile(session.machineRoleName(deployment.name), deployment, session)
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

    private static func check(
        _ profile: IdentityAPI.InstanceProfile, _ name: String, _ deployment: Deployment
    ) throws {
        guard Deployment.isOurs(profile.tags, of: deployment.name) else {
            throw PublishError(
                .notOurs, "there is an instance profile \(name) that was not made here",
                hint: "name it in the recipe, as ‘batch.compute.instanceRole’, if machines are to have it, or remove it"
            )
        }
    }

    /// A machine is a role by way of an instance profile. It has the role's name.
    private func profile(_ name: String, _ deployment: Deployment, _ session: Session) throws -> [Change] {
        let found = try session.identity.instanceProfile(name)
        if let found { try Self.check(found, name, deployment) }
        guard found?.roles.contains(name) != true else { return [] }
        return [
            Change(found == nil ? .create : .update, "instance profile", name, [.init("role", to: name)]) { session in
                if found == nil {
                    do throws(AWSError) {
                        try session.identity.createInstanceProfile(name, tags: deployment.allTags)
                    } catch {
                        // It was made, and the answer was lost; or somebody else was faster.
                        guard error.isService("EntityAlreadyExists"),
                            let there = try session.identity.instanceProfile(name)
                        else { throw error }
                        try Self.check(there, name, deployment)
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
