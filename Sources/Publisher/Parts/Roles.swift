internal import AWS
internal import JSON

/// What a role is for: who may be it, and what it may do.
struct RoleDuty {
    /// For people who look at the account.
    var purpose: String
    /// `lambda.amazonaws.com`.
    var service: String
    /// What it may do, where that follows from the function; nil when `managed` says it all.
    var policy: JSON?
    /// ARNs of policies of AWS's own.
    var managed: [String] = []
}

/// A role as it should be.
struct DesiredRole {
    var name: String
    var duty: RoleDuty

    private var policy: JSON? { duty.policy }
    private var managed: [String] { duty.managed }
}

extension DesiredRole {
    static let policyName = "scar-build"

    /// What must happen to it, as a role of this function's.
    func changes(for deployment: Deployment, _ session: Session) throws -> [Change] {
        guard let role = try session.identity.role(name) else {
            let detail = Change.Detail("policy", to: (policy.map { [Policy.summary($0)] } ?? managed).joined())
            return [Change(.create, "role", name, [detail]) { try self.create(for: deployment, $0) }]
        }
        guard Deployment.isOurs(role.tags, of: deployment.name) else { throw notOurs }
        var changes: [Change] = []
        let (name, service) = (name, duty.service)
        let trust = Policy.trust(in: service)
        if role.trust != trust {
            changes.append(
                Change(.update, "role", name, [.init("who may be it", to: service)]) { session in
                    try session.identity.updateTrust(name, trust)
                })
        }
        if let policy {
            let old = try session.identity.policy(Self.policyName, of: name)
            if old != policy {
                let detail = Change.Detail("policy", from: old.map(Policy.summary), to: Policy.summary(policy))
                changes.append(
                    Change(.update, "role", name, [detail]) { session in
                        try session.identity.putPolicy(Self.policyName, policy, of: name)
                    })
            }
        }
        guard !managed.isEmpty else { return changes }
        let attached = try session.identity.attachedPolicies(of: name)
        for policy in managed where !attached.contains(policy) {
            changes.append(
                Change(.update, "role", name, [.init("policy", to: policy)]) { session in
                    try session.identity.attach(policy, to: name)
                })
        }
        return changes
    }

    private func create(for deployment: Deployment, _ session: Session) throws {
        do throws(AWSError) {
            _ = try session.identity.createRole(
                name, trust: Policy.trust(in: duty.service), description: duty.purpose, tags: deployment.allTags)
        } catch {
            // It was made, and the answer was lost; or somebody else was faster.
            guard error.isService("EntityAlreadyExists") else { throw error }
            guard let role = try session.identity.role(name), Deployment.isOurs(role.tags, of: deployment.name) else {
                throw notOurs
            }
        }
        try session.persevering(while: \.isNotFound) {
            if let policy { try session.identity.putPolicy(Self.policyName, policy, of: name) }
            for policy in managed { try session.identity.attach(policy, to: name) }
        }
    }

    /// What takes a role made here away again; nothing when there is none.
    static func removal(of name: String, for function: String, _ session: Session) throws -> [Change] {
        guard let found = try session.identity.role(name), Deployment.isOurs(found.tags, of: function) else {
            return []
        }
        return [Change(.remove, "role", name) { try $0.identity.deleteRole(name) }]
    }

    private var notOurs: PublishError {
        // Of the other roles, the recipe names none.
        let isFunctions = duty.service == "lambda.amazonaws.com"
        return PublishError(
            .notOurs, "there is a role \(name) that was not made here",
            hint: isFunctions
                ? "name it in the recipe, as ‘function.role’, if the function is to run as it, or remove it"
                : "remove it, or give the function another name")
    }
}
