internal import AWS
internal import ByteKit
internal import JSON

extension CloudFormation {
    /// A function of the template, as others refer to it.
    struct Function {
        var name: String
        /// What its labels begin with.
        var title: String
        /// Stands for the ARN of the alias that callers use.
        var alias: JSON
        /// The label of the alias.
        var aliasLabel: String
        /// The labels of the parameters that have its variables' values, by variable.
        var variables: [String: String]
        /// The labels of what lets buckets call it, by bucket.
        var bucketPermissions: [String: String] = [:]
    }

    /// A function with its role, log group, version, alias, API and triggers, and what its jobs need.
    mutating func addFunction(_ deployment: Deployment) throws(PublishError) -> Function {
        let title = labels.joined(deployment.name)
        let group = addLogGroup(
            Session.logGroup(deployment.name), deployment, labels.joined(title, "LogGroup"))
        if let image = deployment.image { addRepository(image, deployment.name, title) }
        let role = addRole(deployment, title)
        var code = try code(deployment, title)
        let runtime = addRuntime(deployment, title)
        code.properties += runtime.properties
        let before = [group] + runtime.after
        let variables = addVariables(deployment, title)
        var function =
            isServerless
            ? addServerlessFunction(deployment, code, title, role, variables, after: before)
            : addPlainFunction(deployment, code, title, role, variables, after: before)
        for permission in PermissionsPart.permissions(for: deployment, names) {
            guard let bucket = permission.sourceARN?.split(separator: ":").last.map(String.init) else { continue }
            function.bucketPermissions[bucket] = add(permission, for: function, "\(bucket)Permission")
        }
        addAPI(deployment, function)
        addTriggers(deployment, function)
        try addJob(deployment, function)
        return function
    }

    /// The label.
    mutating func addLogGroup(_ name: String, _ deployment: Deployment, _ label: String) -> String {
        resource(
            label, "AWS::Logs::LogGroup",
            [
                ("LogGroupName", .string(name)), ("RetentionInDays", .integer(deployment.logRetention)),
                ("Tags", Self.tags(deployment.tags)),
            ])
        return label
    }

    private mutating func addRepository(_ image: Deployment.Image, _ function: String, _ title: String) {
        let label = labels.joined(title, "Repository")
        parameter(
            label, ImageNote.repository(image, of: function), initial: Session.repositoryName(function))
        names.repositories[function] = Placeholder.text(label)
    }

    /// The role's ARN.
    private mutating func addRole(_ deployment: Deployment, _ title: String) -> JSON {
        if let role = deployment.role { return .string(role) }
        let duty = RolePart.duty(of: deployment, names)
        return Self.attribute(addRole(duty, deployment, labels.joined(title, "Role")), "Arn")
    }

    /// The label.
    mutating func addRole(_ duty: RoleDuty, _ deployment: Deployment, _ label: String) -> String {
        let policies = duty.policy.map { policy in
            JSON.object([("PolicyName", .string(DesiredRole.policyName)), ("PolicyDocument", policy)])
        }
        resource(
            label, "AWS::IAM::Role",
            [
                ("Description", .string(duty.purpose)),
                ("AssumeRolePolicyDocument", Policy.trust(in: duty.service)),
                ("Policies", .array(policies.map { [$0] } ?? [])), ("ManagedPolicyArns", Self.texts(duty.managed)),
                ("Tags", Self.tags(deployment.tags)),
            ])
        return label
    }

    // MARK: - The function

    private mutating func addPlainFunction(
        _ deployment: Deployment, _ code: Code, _ title: String, _ role: JSON, _ variables: [String: String],
        after before: [String]
    ) -> Function {
        let label = labels.joined(title, "Function")
        var properties = settings(deployment, code, role, variables)
        // A version never changes, so another one has another label.
        let state = JSON.object(properties).text() + Array(code.state.utf8)
        let version = labels.joined(title, "Version", String(Digest(of: state).hex.prefix(12)))
        properties.insert(contentsOf: code.properties, at: 1)
        properties.append(("Tags", Self.tags(deployment.tags)))
        if let target = deployment.deadLetter {
            properties.append(("DeadLetterConfig", .object([("TargetArn", .string(target))])))
        }
        resource(label, "AWS::Lambda::Function", after: before, properties)
        let sum: [(name: StaticString, json: JSON)] =
            deployment.package.map { [("CodeSha256", .string($0.codeDigest))] } ?? []
        resource(
            version, "AWS::Lambda::Version", isKept: true,
            [("FunctionName", Self.reference(label))] + sum + revision(deployment, "Description"))
        let alias = labels.joined(title, "Alias")
        resource(
            alias, "AWS::Lambda::Alias",
            [
                ("Name", .string(deployment.alias)), ("FunctionName", Self.reference(label)),
                ("FunctionVersion", Self.attribute(version, "Version")),
            ])
        return Function(
            name: deployment.name, title: title, alias: Self.reference(alias), aliasLabel: alias,
            variables: variables)
    }

    /// SAM Developer Guide, "AWS::Serverless::Function": it makes version and alias by itself.
    private mutating func addServerlessFunction(
        _ deployment: Deployment, _ code: Code, _ title: String, _ role: JSON, _ variables: [String: String],
        after before: [String]
    ) -> Function {
        let label = labels.joined(title, "Function")
        var properties = settings(deployment, code, role, variables)
        properties.insert(contentsOf: code.properties, at: 1)
        let publishing: [(name: StaticString, json: JSON)] = [
            ("AutoPublishAlias", .string(deployment.alias)), ("AutoPublishAliasAllProperties", .bool(true)),
            ("AutoPublishCodeSha256", .string(code.state)), ("Tags", .record(deployment.tags)),
        ]
        properties += publishing
        properties += revision(deployment, "VersionDescription")
        if let target = deployment.deadLetter {
            let isTopic = target.split(separator: ":").dropFirst(2).first == "sns"
            let queue: [(name: StaticString, json: JSON)] = [
                ("Type", .string(isTopic ? "SNS" : "SQS")), ("TargetArn", .string(target)),
            ]
            properties.append(("DeadLetterQueue", .object(queue)))
        }
        resource(label, "AWS::Serverless::Function", after: before, properties)
        return Function(
            name: deployment.name, title: title, alias: Self.reference(label + ".Alias"),
            aliasLabel: label + "Alias" + deployment.alias, variables: variables)
    }

    /// What is written for both kinds of function alike, in the order of the API's reference.
    private mutating func settings(
        _ deployment: Deployment, _ code: Code, _ role: JSON, _ variables: [String: String]
    ) -> [(name: StaticString, json: JSON)] {
        let wanted = deployment.settings(role: "")
        let layers = wanted.layers.map { JSON.string($0) } + (code.layer.map { [Self.reference($0)] } ?? [])
        // Of an image there are neither runtime, handler nor layers to speak of.
        let isZip = deployment.package != nil
        var properties: [(name: StaticString, json: JSON)] = [
            ("FunctionName", .string(deployment.name)), ("Role", role),
        ]
        if isZip {
            properties.append(("Runtime", .string(wanted.runtime)))
            properties.append(("Handler", .string(wanted.handler)))
        }
        properties.append(("Architectures", Self.texts([deployment.architecture])))
        properties.append(("MemorySize", .integer(wanted.memory)))
        properties.append(("Timeout", .integer(wanted.timeout)))
        properties.append(("EphemeralStorage", .object([("Size", .integer(wanted.ephemeralStorage))])))
        if isZip { properties.append(("Layers", .array(layers))) }
        if !wanted.description.isEmpty { properties.append(("Description", .string(wanted.description))) }
        if !variables.isEmpty {
            let references = deployment.variableNames.compactMap { name in
                variables[name].map { (name: name, json: Self.reference($0)) }
            }
            properties.append(("Environment", .object([("Variables", .object(named: references))])))
        }
        if deployment.network != nil {
            let network: [(name: StaticString, json: JSON)] = [
                ("SubnetIds", Self.texts(wanted.subnets)), ("SecurityGroupIds", Self.texts(wanted.securityGroups)),
            ]
            properties.append(("VpcConfig", .object(network)))
        }
        let systems = wanted.fileSystems.map {
            JSON.object([("Arn", .string($0.arn)), ("LocalMountPath", .string($0.path))])
        }
        properties.append(("FileSystemConfigs", .array(systems)))
        if let count = deployment.concurrency {
            properties.append(("ReservedConcurrentExecutions", .integer(count)))
        }
        return properties
    }

    /// Each variable's value is a parameter: it may be a secret. Their labels, by variable.
    private mutating func addVariables(_ deployment: Deployment, _ title: String) -> [String: String] {
        var added: [String: String] = [:]
        for name in deployment.variableNames {
            let label = labels.joined(title, "Variable", name)
            parameter(label, "The variable \(name) of the function \(deployment.name).", isSecret: true)
            added[name] = label
        }
        return added
    }

    private func revision(_ deployment: Deployment, _ name: StaticString) -> [(name: StaticString, json: JSON)] {
        deployment.variableNames.isEmpty
            ? [] : [(name, .string("Revision " + Placeholder.text("Revision")))]
    }

    // MARK: - Permissions

    /// The label.
    @discardableResult
    mutating func add(_ permission: LambdaAPI.Permission, for function: Function, _ words: String) -> String {
        let label = labels.joined(function.title, words)
        var properties: [(name: StaticString, json: JSON)] = [
            ("Action", .string(permission.action)), ("FunctionName", function.alias),
            ("Principal", .string(permission.principal)),
        ]
        if let source = permission.sourceARN { properties.append(("SourceArn", .string(source))) }
        if let account = permission.sourceAccount { properties.append(("SourceAccount", .string(account))) }
        if let type = permission.urlAuthorization { properties.append(("FunctionUrlAuthType", .string(type))) }
        if permission.isViaURL { properties.append(("InvokedViaFunctionUrl", .bool(true))) }
        resource(label, "AWS::Lambda::Permission", properties)
        return label
    }
}
