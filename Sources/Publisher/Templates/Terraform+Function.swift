internal import AWS
internal import ByteKit
internal import JSON

extension Terraform {
    /// A function of the configuration, as others refer to it.
    struct Function {
        var name: String
        var label: String
        /// The place of the function, and that of the alias that callers use.
        var place: String
        var alias: String
        /// The places of what lets buckets call it, by bucket.
        var bucketPermissions: [String: String] = [:]
    }

    /// A function with its role, log group, version, alias and API.
    mutating func addFunction(_ deployment: Deployment, _ package: Deployment.Package) -> Function {
        let label = labels.lined(deployment.name)
        let tags = JSON.record(deployment.tags)
        let group = resource(
            "aws_cloudwatch_log_group", label,
            [
                ("name", .string(Session.logGroup(deployment.name))),
                ("retention_in_days", .integer(deployment.logRetention)), ("tags", tags),
            ])
        var before = [group]
        let role = addRole(deployment, label, &before)
        var arguments = settings(deployment, label, role) + code(package, deployment.name, label)
        // A version for each change, which the alias stands for.
        arguments.append(("publish", .bool(true)))
        arguments.append(("tags", tags))
        let place = resource("aws_lambda_function", label, after: before, arguments)
        let alias = resource(
            "aws_lambda_alias", label,
            [
                ("name", .string(deployment.alias)), ("function_name", Self.attribute(place, "function_name")),
                ("function_version", Self.attribute(place, "version")),
            ])
        var function = Function(name: deployment.name, label: label, place: place, alias: alias)
        for permission in PermissionsPart.permissions(for: deployment, names) {
            guard let bucket = permission.sourceARN?.split(separator: ":").last.map(String.init) else { continue }
            function.bucketPermissions[bucket] = add(permission, for: function, bucket)
        }
        addAPI(deployment, function)
        return function
    }

    /// The role's ARN; its policy must be there before the function is.
    private mutating func addRole(_ deployment: Deployment, _ label: String, _ before: inout [String]) -> JSON {
        if let role = deployment.role { return .string(role) }
        let role = resource(
            "aws_iam_role", label,
            [
                ("description", .string("What the function \(deployment.name) runs as")),
                ("assume_role_policy", Self.document(Policy.trust(in: "lambda.amazonaws.com"))),
                ("tags", .record(deployment.tags)),
            ])
        before.append(
            resource(
                "aws_iam_role_policy", label,
                [
                    ("name", .string(DesiredRole.policyName)), ("role", Self.attribute(role, "id")),
                    ("policy", Self.document(Policy.document(for: deployment, names))),
                ]))
        return Self.attribute(role, "arn")
    }

    /// A document as a text, expressions included.
    static func document(_ json: JSON) -> JSON { .utf8(json.text()) }

    // MARK: - The function

    /// Large packages go through a bucket; the digest tells of a change either way.
    private mutating func code(
        _ package: Deployment.Package, _ name: String, _ label: String
    ) -> [(name: StaticString, json: JSON)] {
        let digest = (name: "source_code_hash" as StaticString, json: JSON.string(package.codeDigest))
        guard package.size > Self.directUploadLimit else { return [("filename", .string(package.path)), digest] }
        let object = resource(
            "aws_s3_object", label,
            [
                ("bucket", .string(Placeholder.text("var.packages_bucket"))),
                ("key", .string(PackageUpload.key(package, of: name))), ("source", .string(package.path)),
                ("source_hash", .string(package.codeDigest)),
            ])
        return [("s3_bucket", Self.attribute(object, "bucket")), ("s3_key", Self.attribute(object, "key")), digest]
    }

    private mutating func settings(
        _ deployment: Deployment, _ label: String, _ role: JSON
    ) -> [(name: StaticString, json: JSON)] {
        let wanted = deployment.settings(role: "")
        var arguments: [(name: StaticString, json: JSON)] = [
            ("function_name", .string(deployment.name)), ("role", role), ("runtime", .string(wanted.runtime)),
            ("handler", .string(wanted.handler)), ("architectures", Self.texts([deployment.architecture])),
            ("memory_size", .integer(wanted.memory)), ("timeout", .integer(wanted.timeout)),
            ("ephemeral_storage", .object([("size", .integer(wanted.ephemeralStorage))])),
            ("layers", Self.texts(wanted.layers)),
        ]
        if !wanted.description.isEmpty { arguments.append(("description", .string(wanted.description))) }
        let variables = variables(deployment, label)
        if !variables.isEmpty {
            arguments.append(("environment", .object([("variables", .object(named: variables))])))
        }
        if deployment.network != nil {
            let network: [(name: StaticString, json: JSON)] = [
                ("subnet_ids", Self.texts(wanted.subnets)), ("security_group_ids", Self.texts(wanted.securityGroups)),
            ]
            arguments.append(("vpc_config", .object(network)))
        }
        let systems = wanted.fileSystems.map {
            JSON.object([("arn", .string($0.arn)), ("local_mount_path", .string($0.path))])
        }
        arguments.append(("file_system_config", .array(systems)))
        if let target = wanted.deadLetter {
            arguments.append(("dead_letter_config", .object([("target_arn", .string(target))])))
        }
        if let count = deployment.concurrency {
            arguments.append(("reserved_concurrent_executions", .integer(count)))
        }
        return arguments
    }

    /// Each variable's value is a variable of the configuration: it may be a secret.
    private mutating func variables(_ deployment: Deployment, _ label: String) -> [(name: String, json: JSON)] {
        deployment.variableNames.map { name in
            let variable = labels.lined(label, "variable", name)
            self.variable(variable, "The variable \(name) of the function \(deployment.name).", isSecret: true)
            return (name, .string(Placeholder.text("var.\(variable)")))
        }
    }

    // MARK: - Permissions

    /// The place.
    @discardableResult
    mutating func add(_ permission: LambdaAPI.Permission, for function: Function, _ caller: String) -> String {
        var arguments: [(name: StaticString, json: JSON)] = [
            ("statement_id", .string(permission.id)), ("action", .string(permission.action)),
            ("function_name", Self.attribute(function.place, "function_name")),
            ("qualifier", Self.attribute(function.alias, "name")), ("principal", .string(permission.principal)),
        ]
        if let source = permission.sourceARN { arguments.append(("source_arn", .string(source))) }
        if let account = permission.sourceAccount { arguments.append(("source_account", .string(account))) }
        if let type = permission.urlAuthorization { arguments.append(("function_url_auth_type", .string(type))) }
        if permission.isViaURL { arguments.append(("invoked_via_function_url", .bool(true))) }
        return resource("aws_lambda_permission", labels.lined(function.label, caller), arguments)
    }
}
