internal import AWS

/// Who may call the function: the buckets that it takes files from. APIs and URLs bring their own.
struct PermissionsPart: Part {
    private static let prefix = "scar-build-s3-"

    func changes(for deployment: Deployment, after before: [Change], _ session: Session) throws -> [Change] {
        let wanted = Self.permissions(for: deployment, session)
        let there = try session.lambda.permissions(deployment.name, qualifier: deployment.alias)
        var changes = PermissionChanges.changes(wanted, there, deployment)
        for old in there where old.id.hasPrefix(Self.prefix) && !wanted.contains(where: { $0.id == old.id }) {
            // The bucket must stop calling before it may no longer.
            if let bucket = old.sourceARN?.split(separator: ":").last.map(String.init),
                try session.s3.region(of: bucket) != nil
            {
                changes += try NotificationsPart.changes(bucket, [], deployment, session)
            }
            changes.append(
                Change(.remove, "permission", old.id) { session in
                    try session.lambda.removePermission(old.id, from: deployment.name, qualifier: deployment.alias)
                })
        }
        return changes
    }

    static func permissions(for deployment: Deployment, _ names: some Naming) -> [LambdaAPI.Permission] {
        Set(deployment.inputs.map(\.bucket)).sorted().map { bucket in
            LambdaAPI.Permission(
                id: prefix + bucket.replacing(".", with: "_"), principal: "s3.amazonaws.com",
                sourceARN: names.bucketARN(bucket),
                // A bucket's name can pass to somebody else's account.
                sourceAccount: names.account)
        }
    }
}

/// How wanted permissions become permissions that are there.
enum PermissionChanges {
    static func changes(
        _ wanted: [LambdaAPI.Permission], _ there: [LambdaAPI.Permission], _ deployment: Deployment
    ) -> [Change] {
        wanted.compactMap { permission in
            let old = there.first { $0.id == permission.id }
            guard old != permission else { return nil }
            let source = permission.sourceARN ?? "everybody"
            return Change(
                old == nil ? .create : .update, "permission", permission.id,
                [.init("may call", from: old?.sourceARN, to: source)]
            ) { session in
                try put(permission, deployment, session)
            }
        }
    }

    static func put(_ permission: LambdaAPI.Permission, _ deployment: Deployment, _ session: Session) throws {
        let (name, alias) = (deployment.name, deployment.alias)
        do throws(AWSError) {
            try session.lambda.add(permission, to: name, qualifier: alias)
        } catch {
            // Statements cannot be changed, and one of this name is there.
            guard error.isService("ResourceConflictException") else { throw error }
            try session.lambda.removePermission(permission.id, from: name, qualifier: alias)
            try session.lambda.add(permission, to: name, qualifier: alias)
        }
    }
}
