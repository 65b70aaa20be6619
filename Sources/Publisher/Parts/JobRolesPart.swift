internal import AWS

/// The roles that jobs need, and the instance profile by which machines are one.
struct JobRolesPart: Part {
    func changes(for deployment: Deployment, after before: [Change], _ session: Session) throws -> [Change] {
        guard let job = deployment.job else { return [] }
        var changes: [Change] = []
        for (role, duty) in JobRole.all(of: job, deployment, session) {
            let wanted = DesiredRole(name: session.roleName(deployment.name, role), duty: duty)
            changes += try wanted.changes(for: deployment, session)
        }
        guard JobRole.makesProfile(job) else { return changes }
        return try changes + profile(session.machineRoleName(deployment.name), deployment, session)
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
