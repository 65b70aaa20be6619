internal import AWS
internal import ByteKit
package import JSON

/// Brings what is in an account to what should be there: reads, compares, and changes only what differs.
package struct FunctionPublisher: Sendable {
    package let session: Session
    package var options: Options

    package struct Options: Sendable {
        /// Whether a function of the same name that was not made here is taken over, and its log group with it.
        package var adopts = false
        /// Bytes of a package that is sent within the request.
        package var directUploadLimit = 52_428_800
        /// Puts an image into a repository, by the reference given.
        package var push: @Sendable (_ image: Deployment.Image, _ reference: String) throws -> Void = { image, _ in
            throw PublishError(.settings, "nothing here can push the image \(image.path)")
        }

        package init() {}
    }

    package init(_ session: Session, options: Options = Options()) {
        self.session = session
        self.options = options
    }

    /// What publishing would do.
    package func plan(_ deployment: Deployment) throws -> Plan {
        try deployment.validate()
        try Recursion.check([deployment])
        var changes: [Change] = []
        let parts: [any Part] = [
            BucketsPart(), LogGroupPart(options: options), ImagePart(options: options), LayerPart(options: options),
            RuntimePart(options: options), RolePart(), JobRolesPart(), ComputePart(), JobQueuePart(),
            JobDefinitionPart(), FunctionPart(options: options), VersionPart(), PermissionsPart(), FunctionURLPart(),
            HTTPAPIPart(), RESTAPIPart(), NotificationsPart(), QueueTriggersPart(), RulesPart(), RuntimeCleaningPart(),
            CleaningPart(), LayerCleaningPart(), ImageCleaningPart(), BatchCleaningPart(), PreheatPart(),
        ]
        for part in parts {
            try Cancellation.check()
            changes += try part.changes(for: deployment, after: changes, session)
        }
        return Plan(
            function: deployment.name, region: session.region.name, account: session.account, changes: changes)
    }

    /// Where a published function can be called.
    package struct Outcome: Sendable {
        package var function: String
        package var arn: String
        package var version: String
        package var url: String?

        /// The address that callers use: HTTP when there is one.
        package var text: String { url ?? arn }

        package var json: JSON {
            .object([
                ("function", .string(function)), ("arn", .string(arn)), ("version", .string(version)),
                ("url", url.map { .string($0) } ?? .null),
            ])
        }
    }

    /// What callers get now. A function that is to be warm is called once.
    package func outcome(of deployment: Deployment) throws -> Outcome {
        let version = try session.lambda.alias(deployment.name, deployment.alias)
        return Outcome(
            function: deployment.name, arn: session.functionARN(deployment.name, alias: deployment.alias),
            version: version ?? "", url: session.fact("url"))
    }

    /// Makes the changes of a plan, in order.
    ///
    /// - Parameter progress: told of each change before and after it is made.
    package func apply(_ plan: Plan, progress: (Change, _ isDone: Bool) -> Void) throws {
        var done: [String] = []
        for change in plan.changes {
            do {
                try Cancellation.check()
                progress(change, false)
                try change.apply(session)
                progress(change, true)
                done.append(change.title)
            } catch let error as any DiagnosableError {
                throw InterruptedPublication(cause: error, step: change.title, done: done)
            }
        }
    }
}

/// Something that a function consists of, and that is looked at and changed together.
protocol Part: Sendable {
    /// What differs from what the deployment wants.
    /// - Parameter before: what will have changed by then.
    func changes(for deployment: Deployment, after before: [Change], _ session: Session) throws -> [Change]
}
