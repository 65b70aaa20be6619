internal import AWS
internal import ByteKit

/// The function itself: code, settings, tags, concurrency.
struct FunctionPart: Part {
    var options: FunctionPublisher.Options

    func changes(for deployment: Deployment, after before: [Change], _ session: Session) throws -> [Change] {
        let role = deployment.role ?? session.roleARN(session.roleName(deployment.name))
        var wanted = deployment.settings(role: role)
        if deployment.layer != nil { wanted.layers.append(LayerPart.arn(session)) }
        wanted.managedRuntime = RuntimePart.configuration(of: deployment, session)
        guard let function = try session.lambda.function(deployment.name) else {
            return [creation(deployment, wanted)]
        }
        try check(function, deployment)
        let settings = Self.keeping(deployment.keptVariables, of: function.settings, wanted)
        var changes: [Change] = []
        if !Self.isOurs(function) || deployment.allTags.contains(where: { function.tags[$0.key] != $0.value }) {
            let tags = deployment.allTags
            let new = tags.filter { function.tags[$0.key] != $0.value }.sorted { $0.key < $1.key }
            changes.append(
                Change(
                    .update, "function", deployment.name,
                    new.map { .init("tag \($0.key)", from: function.tags[$0.key], to: $0.value) }
                ) { try $0.lambda.tag(function.arn, tags) })
        }
        let code = try codeDetails(deployment, function, session)
        if !code.isEmpty { changes.append(codeUpdate(deployment, code)) }
        let details = Self.differences(function.settings, settings)
        if !details.isEmpty {
            changes.append(
                Change(.update, "function", deployment.name, details) { session in
                    try Self.settled(deployment.name, session)
                    let settings = LayerPart.completing(settings, session)
                    try session.persevering(while: Self.isExpected) {
                        try session.lambda.updateSettings(deployment.name, settings)
                    }
                    try Self.settled(deployment.name, session)
                })
        }
        if function.reservedConcurrency != deployment.concurrency { changes.append(concurrency(deployment, function)) }
        return changes
    }

    /// The settings with variables that somebody else sets, as they are.
    private static func keeping(
        _ names: [String], of old: FunctionSettings, _ settings: FunctionSettings
    ) -> FunctionSettings {
        var settings = settings
        for name in names where settings.environment[name] == nil { settings.environment[name] = old.environment[name] }
        return settings
    }

    private func check(_ function: LambdaAPI.Function, _ deployment: Deployment) throws {
        guard Self.isOurs(function) || options.adopts else {
            throw PublishError(
                .notOurs, "there is a function \(deployment.name) that was not published from here",
                hint: "give the recipe another name, or take the function over with --adopt")
        }
        let isImage = function.packageType == "Image"
        guard isImage == (deployment.package == nil) else {
            let (old, new) = isImage ? ("a container image", "a zip") : ("a zip", "a container image")
            throw PublishError(
                .conflict,
                "the function \(deployment.name) is made from \(old), and cannot become one from \(new): Lambda fixes "
                    + "the kind for good",
                hint: "remove it first (scar-build rm \(deployment.name)), or set ‘target’ to what it was")
        }
    }

    static func isOurs(_ function: LambdaAPI.Function) -> Bool { Deployment.isOurs(function.tags, of: function.name) }

    // MARK: Changes

    private func creation(_ deployment: Deployment, _ settings: FunctionSettings) -> Change {
        let code = deployment.package?.text ?? deployment.image.map { "image \($0.digest)" } ?? ""
        let details: [Change.Detail] =
            [.init("code", to: code), .init("architecture", to: deployment.architecture)]
            + Self.differences(FunctionSettings(), settings)
        let options = options
        return Change(.create, "function", deployment.name, details) { session in
            let settings = LayerPart.completing(settings, session)
            try PackageUpload.withCode(of: deployment, session, limit: options.directUploadLimit) { code in
                do {
                    // A role that was made a moment ago cannot be used everywhere yet.
                    try session.persevering(while: Self.isExpected) {
                        _ = try session.lambda.create(
                            deployment.name, settings, code, architecture: deployment.architecture,
                            tags: deployment.allTags)
                    }
                } catch let error as AWSError where error.isService("ResourceConflictException") {
                    // The answer to an earlier attempt was lost, and it had succeeded.
                    guard let function = try session.lambda.function(deployment.name), Self.isOurs(function),
                        try codeDetails(deployment, function, session).isEmpty
                    else { throw error }
                }
            }
            try Self.settled(deployment.name, session)
            if let count = deployment.concurrency {
                try session.lambda.reserveConcurrency(deployment.name, count)
            }
        }
    }

    /// What differs in the code that there is: its content, and what it is for.
    private func codeDetails(
        _ deployment: Deployment, _ function: LambdaAPI.Function, _ session: Session
    ) throws -> [Change.Detail] {
        var details: [Change.Detail] = []
        if let package = deployment.package {
            if function.codeDigest != package.codeDigest {
                details.append(.init("code", from: function.codeDigest, to: package.text))
            }
        } else {
            let image = try ImagePart.reference(of: deployment, session)
            if function.image != image { details.append(.init("code", from: function.image, to: image)) }
        }
        if function.architecture != deployment.architecture {
            details.append(.init("architecture", from: function.architecture, to: deployment.architecture))
        }
        return details
    }

    private func codeUpdate(_ deployment: Deployment, _ details: [Change.Detail]) -> Change {
        let options = options
        return Change(.update, "function", deployment.name, details) { session in
            try Self.settled(deployment.name, session)
            try PackageUpload.withCode(of: deployment, session, limit: options.directUploadLimit) { code in
                try session.persevering(while: Self.isExpected) {
                    try session.lambda.updateCode(deployment.name, code, architecture: deployment.architecture)
                }
            }
            try Self.settled(deployment.name, session)
        }
    }

    private func concurrency(_ deployment: Deployment, _ function: LambdaAPI.Function) -> Change {
        func text(_ count: Int?) -> String { count.map(String.init) ?? "the account's" }
        let detail = Change.Detail(
            "concurrency", from: text(function.reservedConcurrency), to: text(deployment.concurrency))
        return Change(.update, "function", deployment.name, [detail]) { session in
            try session.lambda.reserveConcurrency(deployment.name, deployment.concurrency)
        }
    }

    // MARK: Waiting

    /// Errors that pass by themselves: a new role that is not known everywhere, and a change that is still going on.
    private static func isExpected(_ error: AWSError) -> Bool {
        if error.isService("ResourceConflictException") { return error.message.contains("in progress") }
        guard error.isService("InvalidParameterValueException") else { return false }
        return error.message.contains("cannot be assumed by Lambda")
            || error.message.contains("does not have permissions to call CreateNetworkInterface")
            || error.message.contains("does not have permissions to call SendMessage")
            || error.message.contains("does not have permissions to call Publish")
    }

    /// Waits until Lambda has finished with the function.
    static func settled(_ name: String, _ session: Session) throws {
        _ = try session.wait(for: "the function \(name) to be ready", limit: .seconds(600)) { () -> Bool? in
            guard let function = try session.lambda.configuration(name) else { return nil }
            if function.state == "Failed" {
                throw PublishError(.failed, "Lambda could not make \(name): \(function.stateReason)")
            }
            if function.updateStatus == "Failed" {
                throw PublishError(.failed, "Lambda could not change \(name): \(function.updateReason)")
            }
            return function.state != "Pending" && function.updateStatus != "InProgress" ? true : nil
        }
    }

    // MARK: Differences

    /// What differs, without the values of variables: those may be secrets.
    static func differences(_ old: FunctionSettings, _ new: FunctionSettings) -> [Change.Detail] {
        var details: [Change.Detail] = []
        func compare(_ name: String, _ old: String, _ new: String) {
            if old != new { details.append(.init(name, from: old.isEmpty ? nil : old, to: new)) }
        }
        compare("description", old.description, new.description)
        compare("role", old.role, new.role)
        compare("runtime", old.runtime, new.runtime)
        func text(_ runtime: FunctionSettings.ManagedRuntime?) -> String {
            runtime.map { "\($0.arn), alias \($0.alias)" } ?? ""
        }
        compare("managed runtime", text(old.managedRuntime), text(new.managedRuntime))
        compare("handler", old.handler, new.handler)
        compare("memory", "\(old.memory) MB", "\(new.memory) MB")
        compare("timeout", "\(old.timeout) s", "\(new.timeout) s")
        compare("room in /tmp", "\(old.ephemeralStorage) MB", "\(new.ephemeralStorage) MB")
        compare("layers", old.layers.joined(separator: ", "), new.layers.joined(separator: ", "))
        compare("subnets", old.subnets.joined(separator: ", "), new.subnets.joined(separator: ", "))
        compare(
            "security groups", old.securityGroups.joined(separator: ", "), new.securityGroups.joined(separator: ", "))
        let (before, after) = (old.fileSystems, new.fileSystems)
        compare(
            "file systems", before.map { "\($0.arn) at \($0.path)" }.joined(separator: ", "),
            after.map { "\($0.arn) at \($0.path)" }.joined(separator: ", "))
        compare("dead letters", old.deadLetter ?? "", new.deadLetter ?? "")
        for name in Set(old.environment.keys).union(new.environment.keys).sorted() {
            switch (old.environment[name], new.environment[name]) {
            case (nil, _?): details.append(.init("variable \(name)", to: "(set)"))
            case (_?, nil): details.append(.init("variable \(name)", from: "(set)", to: "(none)"))
            case (let one, let other) where one != other:
                details.append(.init("variable \(name)", from: "(set)", to: "(another value)"))
            default: break
            }
        }
        return details
    }
}
