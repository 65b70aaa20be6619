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
        /// The labels of what lets buckets call it, by bucket.
        var bucketPermissions: [String: String] = [:]
    }

    /// A function with its role, log group, version, alias and API.
    mutating func addFunction(_ deployment: Deployment, _ package: Deployment.Package) -> Function {
        let title = labels.joined(deployment.name)
        let group = labels.joined(title, "LogGroup")
        resource(
            group, "AWS::Logs::LogGroup",
            [
                ("LogGroupName", .string(Session.logGroup(deployment.name))),
                ("RetentionInDays", .integer(deployment.logRetention)), ("Tags", Self.tags(deployment.tags)),
            ])
        let role = addRole(deployment, title)
        var function =
            isServerless
            ? addServerlessFunction(deployment, package, title, role, after: group)
            : addPlainFunction(deployment, package, title, role, after: group)
        for permission in PermissionsPart.permissions(for: deployment, names) {
            guard let bucket = permission.sourceARN?.split(separator: ":").last.map(String.init) else { continue }
            function.bucketPermissions[bucket] = add(permission, for: function, "\(bucket)Permission")
        }
        addAPI(deployment, function)
        return function
    }

    /// The role's ARN.
    private mutating func addRole(_ deployment: Deployment, _ title: String) -> JSON {
        if let role = deployment.role { return .string(role) }
        let label = labels.joined(title, "Role")
        let policy: [(name: StaticString, json: JSON)] = [
            ("PolicyName", .string(DesiredRole.policyName)),
            ("PolicyDocument", Policy.document(for: deployment, names)),
        ]
        resource(
            label, "AWS::IAM::Role",
            [
                ("Description", .string("What the function \(deployment.name) runs as")),
                ("AssumeRolePolicyDocument", Policy.trust(in: "lambda.amazonaws.com")),
                ("Policies", .array([.object(policy)])), ("Tags", Self.tags(deployment.tags)),
            ])
        return Self.attribute(label, "Arn")
    }

    // MARK: - The function

    private mutating func addPlainFunction(
        _ deployment: Deployment, _ package: Deployment.Package, _ title: String, _ role: JSON, after group: String
    ) -> Function {
        let key = labels.joined(title, "PackageKey")
        parameter(
            key, "Where the package is in that bucket: \(package.path), SHA-256 \(package.digest.hex)",
            initial: PackageUpload.key(package, of: deployment.name))
        let code: [(name: StaticString, json: JSON)] = [
            ("S3Bucket", Self.reference("PackagesBucket")), ("S3Key", Self.reference(key)),
        ]
        let label = labels.joined(title, "Function")
        var properties = settings(deployment, title, role)
        // A version never changes, so another one has another label.
        let state = JSON.object(properties).text() + Array(package.codeDigest.utf8)
        let version = labels.joined(title, "Version", String(Digest(of: state).hex.prefix(12)))
        properties.insert(("Code", .object(code)), at: 1)
        properties.append(("Tags", Self.tags(deployment.tags)))
        if let target = deployment.deadLetter {
            properties.append(("DeadLetterConfig", .object([("TargetArn", .string(target))])))
        }
        resource(label, "AWS::Lambda::Function", after: [group], properties)
        resource(
            version, "AWS::Lambda::Version", isKept: true,
            [
                ("FunctionName", Self.reference(label)), ("CodeSha256", .string(package.codeDigest)),
            ] + revision(deployment, "Description"))
        let alias = labels.joined(title, "Alias")
        resource(
            alias, "AWS::Lambda::Alias",
            [
                ("Name", .string(deployment.alias)), ("FunctionName", Self.reference(label)),
                ("FunctionVersion", Self.attribute(version, "Version")),
            ])
        return Function(name: deployment.name, title: title, alias: Self.reference(alias), aliasLabel: alias)
    }

    /// SAM Developer Guide, "AWS::Serverless::Function": it makes version and alias by itself.
    private mutating func addServerlessFunction(
        _ deployment: Deployment, _ package: Deployment.Package, _ title: String, _ role: JSON, after group: String
    ) -> Function {
        let label = labels.joined(title, "Function")
        var properties = settings(deployment, title, role)
        properties.insert(("CodeUri", .string(package.path)), at: 1)
        let publishing: [(name: StaticString, json: JSON)] = [
            ("AutoPublishAlias", .string(deployment.alias)), ("AutoPublishAliasAllProperties", .bool(true)),
            ("AutoPublishCodeSha256", .string(package.digest.hex)), ("Tags", .record(deployment.tags)),
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
        resource(label, "AWS::Serverless::Function", after: [group], properties)
        return Function(
            name: deployment.name, title: title, alias: Self.reference(label + ".Alias"),
            aliasLabel: label + "Alias" + deployment.alias)
    }

    /// What is written for both kinds of function alike, in the order of the API's reference.
    private mutating func settings(
        _ deployment: Deployment, _ title: String, _ role: JSON
    ) -> [(name: StaticString, json: JSON)] {
        let wanted = deployment.settings(role: "")
        var properties: [(name: StaticString, json: JSON)] = [
            ("FunctionName", .string(deployment.name)), ("Role", role),
            ("Runtime", .string(wanted.runtime)), ("Handler", .string(wanted.handler)),
            ("Architectures", Self.texts([deployment.architecture])), ("MemorySize", .integer(wanted.memory)),
            ("Timeout", .integer(wanted.timeout)),
            ("EphemeralStorage", .object([("Size", .integer(wanted.ephemeralStorage))])),
            ("Layers", Self.texts(wanted.layers)),
        ]
        if !wanted.description.isEmpty { properties.append(("Description", .string(wanted.description))) }
        let variables = variables(deployment, title)
        if !variables.isEmpty {
            properties.append(("Environment", .object([("Variables", .object(named: variables))])))
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

    /// Each variable's value is a parameter: it may be a secret.
    private mutating func variables(_ deployment: Deployment, _ title: String) -> [(name: String, json: JSON)] {
        deployment.variableNames.map { name in
            let label = labels.joined(title, "Variable", name)
            parameter(label, "The variable \(name) of the function \(deployment.name).", isSecret: true)
            return (name, Self.reference(label))
        }
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
