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
        /// The variables of the configuration that have its variables' values, by variable.
        var variables: [String: String] = [:]
        /// The places of what lets buckets call it, by bucket.
        var bucketPermissions: [String: String] = [:]
    }

    /// A role of the configuration.
    struct Role {
        var place: String
        /// The places of what says what it may do, which must be there before it is used.
        var policies: [String]
    }

    /// A function with its role, log group, version, alias, API and triggers, and what its jobs need.
    mutating func addFunction(_ deployment: Deployment) throws(PublishError) -> Function {
        let label = labels.lined(deployment.name)
        var before = [addLogGroup(Session.logGroup(deployment.name), deployment, label)]
        if let image = deployment.image { addRepository(image, deployment.name, label) }
        let role = addRole(deployment, label, &before)
        let variables = addVariables(deployment, label)
        var arguments = settings(deployment, role, variables)
        arguments += try code(deployment, label)
        // A version for each change, which the alias stands for.
        arguments.append(("publish", .bool(true)))
        arguments.append(("tags", .record(deployment.tags)))
        let place = resource("aws_lambda_function", label, after: before, arguments)
        let alias = resource(
            "aws_lambda_alias", label,
            [
                ("name", .string(deployment.alias)), ("function_name", Self.attribute(place, "function_name")),
                ("function_version", Self.attribute(place, "version")),
            ])
        var function = Function(
            name: deployment.name, label: label, place: place, alias: alias, variables: variables)
        for permission in PermissionsPart.permissions(for: deployment, names) {
            guard let bucket = permission.sourceARN?.split(separator: ":").last.map(String.init) else { continue }
            function.bucketPermissions[bucket] = add(permission, for: function, bucket)
        }
        addAPI(deployment, function)
        addTriggers(deployment, function)
        try addJob(deployment, function)
        return function
    }

    /// The place.
    mutating func addLogGroup(_ name: String, _ deployment: Deployment, _ label: String) -> String {
        resource(
            "aws_cloudwatch_log_group", label,
            [
                ("name", .string(name)), ("retention_in_days", .integer(deployment.logRetention)),
                ("tags", .record(deployment.tags)),
            ])
    }

    /// The role's ARN.
    private mutating func addRole(_ deployment: Deployment, _ label: String, _ before: inout [String]) -> JSON {
        if let role = deployment.role { return .string(role) }
        let role = addRole(RolePart.duty(of: deployment, names), deployment, label)
        before += role.policies
        return Self.attribute(role.place, "arn")
    }

    mutating func addRole(_ duty: RoleDuty, _ deployment: Deployment, _ label: String) -> Role {
        let place = resource(
            "aws_iam_role", label,
            [
                ("description", .string(duty.purpose)),
                ("assume_role_policy", Self.document(Policy.trust(in: duty.service))),
                ("tags", .record(deployment.tags)),
            ])
        var role = Role(place: place, policies: [])
        if let policy = duty.policy {
            role.policies.append(
                resource(
                    "aws_iam_role_policy", label,
                    [
                        ("name", .string(DesiredRole.policyName)), ("role", Self.attribute(place, "id")),
                        ("policy", Self.document(policy)),
                    ]))
        }
        for policy in duty.managed {
            role.policies.append(
                resource(
                    "aws_iam_role_policy_attachment", label,
                    [("role", Self.attribute(place, "name")), ("policy_arn", .string(policy))]))
        }
        return role
    }

    // MARK: - The function

    private mutating func settings(
        _ deployment: Deployment, _ role: JSON, _ variables: [String: String]
    ) -> [(name: StaticString, json: JSON)] {
        let wanted = deployment.settings(role: "")
        var arguments: [(name: StaticString, json: JSON)] = [
            ("function_name", .string(deployment.name)), ("role", role),
            ("architectures", Self.texts([deployment.architecture])),
            ("memory_size", .integer(wanted.memory)), ("timeout", .integer(wanted.timeout)),
            ("ephemeral_storage", .object([("size", .integer(wanted.ephemeralStorage))])),
        ]
        if !wanted.description.isEmpty { arguments.append(("description", .string(wanted.description))) }
        if !variables.isEmpty {
            let references = deployment.variableNames.compactMap { name in
                variables[name].map { (name: name, json: JSON.string(Placeholder.text($0))) }
            }
            arguments.append(("environment", .object([("variables", .object(named: references))])))
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
    private mutating func addVariables(_ deployment: Deployment, _ label: String) -> [String: String] {
        var added: [String: String] = [:]
        for name in deployment.variableNames {
            let variable = labels.lined(label, "variable", name)
            self.variable(variable, "The variable \(name) of the function \(deployment.name).", isSecret: true)
            added[name] = "var.\(variable)"
        }
        return added
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
