internal import AWS

/// Takes away what was made for a function's jobs, in the order that Batch wants: definitions and queue, then what the queue
/// ran on, then the roles. Of a job that is under way it is the end.
enum BatchRemoval {
    /// - Parameter wanted: what stays.
    static func changes(
        _ name: String, besides wanted: Deployment.Job? = nil, _ session: Session
    ) throws -> [Change] {
        var changes: [Change] = []
        if wanted == nil { changes += try definitions(name, session) + queue(name, session) }
        changes += try environments(name, besides: wanted?.compute.kind, session)
        return changes
    }

    private static func definitions(_ name: String, _ session: Session) throws -> [Change] {
        try session.batch.definitions(name).filter { Deployment.isOurs($0.tags, of: name) }.map { definition in
            Change(.remove, "job definition", "\(name):\(definition.revision)") {
                try $0.batch.deregister(definition.arn)
            }
        }
    }

    private static func queue(_ name: String, _ session: Session) throws -> [Change] {
        guard let queue = try session.batch.queue(name), Deployment.isOurs(queue.tags, of: name) else { return [] }
        return [
            Change(.remove, "job queue", name) { session in
                try remove("the job queue \(name)", session) {
                    try session.batch.queue(name)?.condition
                } disable: {
                    try session.batch.disableQueue(name)
                } delete: {
                    try session.batch.deleteQueue(name)
                }
            }
        ]
    }

    private static func environments(
        _ function: String, besides kept: Deployment.Job.Compute.Kind?, _ session: Session
    ) throws -> [Change] {
        let names = Deployment.Job.Compute.Kind.allCases.filter { $0 != kept }.map { ComputePart.name(function, $0) }
        let there = try session.batch.environments(names).filter { Deployment.isOurs($0.tags, of: function) }
        return there.map(\.name).map { name in
            Change(.remove, "compute environment", name) { session in
                try remove("the compute environment \(name)", session) {
                    try session.batch.environments([name]).first?.condition
                } disable: {
                    try session.batch.disableEnvironment(name)
                } delete: {
                    try session.batch.deleteEnvironment(name)
                }
            }
        }
    }

    /// Only what takes no jobs can be deleted, and only what is not being changed can be asked for either.
    private static func remove(
        _ what: String, _ session: Session, condition: () throws -> BatchAPI.Condition?, disable: () throws -> Void,
        delete: () throws -> Void
    ) throws {
        func settled() throws -> BatchAPI.Condition? {
            try session.wait(for: "\(what) to come to rest", limit: .seconds(600)) { () -> BatchAPI.Condition?? in
                guard let now = try condition() else { return .some(nil) }
                return ["CREATING", "UPDATING"].contains(now.status) ? nil : .some(now)
            }
        }
        guard let now = try settled() else { return }
        if !now.isLeaving {
            if now.isEnabled { try disable() }
            guard try settled() != nil else { return }
            try delete()
        }
        // What stands on it cannot go before.
        try awaitEnd(of: what, session) { try condition() == nil }
    }

    /// Waits until something that an earlier run deletes is gone, for what is made in its place.
    static func awaitEnd(of what: String, _ session: Session, isGone: () throws -> Bool) throws {
        _ = try session.wait(for: "\(what) to be gone", limit: .seconds(900)) { try isGone() ? true : nil }
    }

    /// The roles of jobs, and the profile of machines.
    ///
    /// - Parameter deployment: what stays.
    static func roles(_ name: String, besides deployment: Deployment? = nil, _ session: Session) throws -> [Change] {
        let (wanted, machine) = (deployment?.job, session.machineRoleName(name))
        var names: [String] = []
        if wanted?.compute.kind.isFargate != true { names.append(session.startRoleName(name)) }
        let keepsMachine = wanted.map { !$0.compute.kind.isFargate && $0.compute.instanceProfile == nil } ?? false
        var changes = try jobRole(name, besides: deployment, session)
        if !keepsMachine {
            names.append(machine)
            if let profile = try session.identity.instanceProfile(machine),
                Deployment.isOurs(profile.tags, of: name), profile.roles.allSatisfy({ $0 == machine })
            {
                changes.append(
                    Change(.remove, "instance profile", machine) { try $0.identity.deleteInstanceProfile(machine) })
            }
        }
        for role in names { changes += try DesiredRole.removal(of: role, for: name, session) }
        return changes
    }

    /// What the program runs as. It goes with the jobs, or when they do not need it any more; one that was submitted with it
    /// does.
    private static func jobRole(
        _ name: String, besides deployment: Deployment?, _ session: Session
    ) throws -> [Change] {
        let role = session.jobRoleName(name)
        let removal = try DesiredRole.removal(of: role, for: name, session)
        guard let deployment, let job = deployment.job, !removal.isEmpty else { return removal }
        let arn = session.roleARN(role)
        guard Policy.ofJob(job, deployment, session) == nil,
            try !UnfinishedJobs(of: deployment, session).need(role: arn)
        else { return [] }
        return removal.map { change in
            Change(change.action, change.kind, change.name) { session in
                // Until the new definition was there, jobs came for the old one. The next publication looks again.
                guard try !UnfinishedJobs(of: deployment, session).need(role: arn) else { return }
                try change.apply(session)
            }
        }
    }
}

/// What jobs do not need any more: all of it, or the compute environment of another kind.
struct BatchCleaningPart: Part {
    func changes(for deployment: Deployment, after before: [Change], _ session: Session) throws -> [Change] {
        var changes = try BatchRemoval.changes(deployment.name, besides: deployment.job, session)
        changes += try BatchRemoval.roles(deployment.name, besides: deployment, session)
        guard deployment.job == nil else { return changes }
        return try changes + Removal.logGroup(Session.jobLogGroup(deployment.name), of: deployment.name, session)
    }
}
