internal import AWS
internal import ByteKit
internal import JSON

/// Takes away what publishing made.
///
/// What is where follows from names and tags alone: no recipe is needed, and a removal that was stopped goes on when it is
/// asked for again.
package struct Removal: Sendable {
    let session: Session
    /// Whether logs stay.
    package var keepsLogs = false

    package init(_ session: Session) { self.session = session }

    /// What removing would do, and what stays and why.
    package func plan(_ name: String, alias: String = "live") throws -> (plan: Plan, kept: [String]) {
        var changes: [Change] = []
        var kept: [String] = []
        let function = try session.lambda.function(name)
        if let function, !FunctionPart.isOurs(function) {
            throw PublishError(
                .notOurs, "the function \(name) was not published from here", hint: "remove it with what made it")
        }
        let tagged = try session.tagging.resources(tagged: [Deployment.mark.name: Deployment.mark.value])
        // First what calls it, then the function, then what it stood on.
        let permissions = function == nil ? [] : try session.lambda.permissions(name, qualifier: alias)
        var buckets = permissions.filter { $0.principal == "s3.amazonaws.com" }.compactMap(Self.bucket)
        for (arn, tags) in tagged where Self.service(of: arn) == "s3" && tags[BucketsPart.tag(name)] != nil {
            buckets.append(Self.bucket(ofARN: arn))
        }
        for role in [session.roleName(name), session.jobRoleName(name)] { buckets += try self.buckets(ofRole: role) }
        for bucket in Set(buckets).sorted() {
            let document = try session.s3.region(of: bucket) == nil ? nil : try session.s3.notifications(of: bucket)
            if document?.children.contains(where: { Notification.isOf(name, $0) }) == true {
                changes.append(
                    Change(.remove, "notification", "\(bucket) → \(name)") { session in
                        try NotificationsPart.replace(in: bucket, function: name, with: [], session)
                    })
            }
        }
        if function != nil {
            let sources = try session.lambda.eventSources(of: session.functionARN(name, alias: alias))
            changes += try QueueTriggersPart.removal(sources, of: name, session)
        }
        changes += try RulesPart.removal(of: permissions, for: name, alias: alias, &kept, session)
        for api in try session.httpAPIs.apis(tagged: Deployment.ownerTag, name) {
            changes.append(Change(.remove, "HTTP API", api.name) { try $0.httpAPIs.delete(api.id) })
        }
        for api in try session.restAPIs.apis(tagged: Deployment.ownerTag, name) {
            changes.append(Change(.remove, "REST API", api.name) { try $0.restAPIs.delete(api.id) })
        }
        if function != nil {
            // Its URL, versions, aliases and permissions go with it.
            changes.append(Change(.remove, "function", name) { try $0.lambda.delete(name) })
        }
        changes += try BatchRemoval.changes(name, session)
        changes += try LayerPart.leftovers(name, besides: nil, session)
        for (arn, tags) in tagged.sorted(by: { $0.key < $1.key }) where tags[BucketsPart.tag(name)] != nil {
            guard let runtime = RuntimeRemoval.runtime(ofRepository: arn) else { continue }
            let found = try RuntimeRemoval(runtime: runtime, function: name).plan(session)
            changes += found.changes
            kept += found.kept
        }
        changes += try ImageRepository.removal(of: Session.repositoryName(name), owner: name, session)
        for group in [Session.logGroup(name), Session.jobLogGroup(name)] {
            changes += try logGroup(group, of: name, &kept)
        }
        for bucket in Set(buckets).sorted() { changes += try self.bucket(bucket, of: name, &kept) }
        changes += try packages(name)
        // The role is last: its policy says which buckets there are, should this be stopped in between.
        changes += try BatchRemoval.roles(name, session)
        changes += try DesiredRole.removal(of: session.roleName(name), for: name, session)
        return (
            Plan(function: name, region: session.region.name, account: session.account, changes: changes), kept
        )
    }

    // MARK: Parts

    private static func bucket(_ permission: LambdaAPI.Permission) -> String? {
        permission.sourceARN.map(bucket(ofARN:))
    }

    private static func service(of arn: String) -> String {
        arn.split(separator: ":", omittingEmptySubsequences: false).dropFirst(2).first.map(String.init) ?? ""
    }

    /// `arn:aws:s3:::BUCKET/KEY`, where a key may have anything in it.
    private static func bucket(ofARN arn: String) -> String {
        let parts = arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        return String(parts.dropFirst(5).joined().prefix { $0 != "/" })
    }

    /// The buckets that a role may use: those of other regions carry their tags where nobody looks.
    private func buckets(ofRole role: String) throws -> [String] {
        guard let policy = try session.identity.policy(DesiredRole.policyName, of: role) else { return [] }
        return (policy["Statement"]?.array ?? []).flatMap { $0["Resource"]?.array ?? [] }.compactMap(\.string)
            .filter { Self.service(of: $0) == "s3" }.map(Self.bucket(ofARN:))
    }

    private func logGroup(_ group: String, of function: String, _ kept: inout [String]) throws -> [Change] {
        guard try session.logs.group(group) != nil else { return [] }
        let changes = try Self.logGroup(group, of: function, session)
        guard !changes.isEmpty, !keepsLogs else {
            kept.append("the log group \(group)" + (changes.isEmpty ? ", which was not made here" : ""))
            return []
        }
        return changes
    }

    /// What takes a log group made for a function away again; nothing when there is none.
    static func logGroup(_ group: String, of function: String, _ session: Session) throws -> [Change] {
        guard let found = try session.logs.group(group),
            Deployment.isOurs(try session.logs.tags(ofGroup: found.arn), of: function)
        else { return [] }
        return [Change(.remove, "log group", group) { try $0.logs.deleteGroup(group) }]
    }

    /// A bucket made here goes when nobody uses it any more and nothing is in it.
    private func bucket(_ bucket: String, of name: String, _ kept: inout [String]) throws -> [Change] {
        guard try session.s3.region(of: bucket) != nil else { return [] }
        guard let state = try BucketState(bucket, besides: name, session) else {
            kept.append("the bucket \(bucket), which was not made here")
            return []
        }
        guard state.isShared || !state.isEmpty else {
            return [Change(.remove, "bucket", bucket) { try Self.leave(bucket, name, $0) }]
        }
        kept.append("the bucket \(bucket), which \(state.isShared ? "other functions use" : "holds files")")
        let detail = Change.Detail("tag \(BucketsPart.tag(name))", from: "yes", to: "(none)")
        return [Change(.update, "bucket", bucket, [detail]) { try Self.leave(bucket, name, $0) }]
    }

    /// Looks again: jobs are waited for before, and another function may have begun to use the bucket since.
    private static func leave(_ bucket: String, _ name: String, _ session: Session) throws {
        guard let state = try BucketState(bucket, besides: name, session) else { return }
        if state.isShared || !state.isEmpty {
            try session.s3.setTags(state.tags, of: bucket)
        } else {
            try session.s3.deleteBucket(bucket)
        }
    }

    /// What an interrupted upload left, and the bucket for it when that is all there was.
    private func packages(_ name: String) throws -> [Change] {
        let bucket = session.packagesBucket
        session.s3.expect(owner: session.account, of: bucket)
        do throws(AWSError) {
            guard try session.s3.region(of: bucket) != nil,
                try session.s3.tags(of: bucket)[Deployment.mark.name] == Deployment.mark.value
            else { return [] }
        } catch {
            // Another account has a bucket of this name: nothing of ours went there.
            guard error.isService("AccessDenied") else { throw error }
            return []
        }
        let objects = try session.s3.objects(bucket, prefix: "")
        let ours = objects.filter { $0.key.hasPrefix(PackageUpload.prefix(name)) }
        var changes = ours.map { object in
            Change(.remove, "package", object.key) { try $0.s3.delete(bucket, object.key) }
        }
        if ours.count == objects.count {
            changes.append(
                Change(.remove, "bucket", bucket) { session in
                    // Another function's package may be on its way through it.
                    guard try session.s3.page(bucket, prefix: "", limit: 1).objects.isEmpty else { return }
                    try session.s3.deleteBucket(bucket)
                })
        }
        return changes
    }
}
