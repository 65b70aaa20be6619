internal import AWS

/// The roles that jobs need, and the instance profile by which machines are one.
struct JobRolesPart: Part {
    func changes(for deployment: Deployment, after before: [Change], _ session: Session) throws -> [Change] {
        guard let job = deployment.job else { return [] }
        let tags = deployment.allTags
        var changes: [Change] = []
        for (role, duty) in JobRole.all(of: job, deployment, session) {
            let wanted = DesiredRole(name: session.roleName(deployment.name, role), duty: duty)
            changes += try wanted.changes(tags, session)
        }
        guard JobRole.makesProfile(job) else { return changes }
        return try changes + profile(session.machineRoleName(deployment.name), tags, session)
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
