/// The keys of SCAR's function definition language, as SCAR 4.3.1 and its documents have them.
package enum FunctionKeys {
    /// A function in AWS: an entry of `functions.aws`.
    package static let function = [
        FunctionKey("lambda", .section(lambda)), FunctionKey("iam", .section(iam)),
        FunctionKey("api_gateway", .section(api)), FunctionKey("cloudwatch", .section(logs)),
        FunctionKey("batch", .section(batch)), FunctionKey("s3", .section(storage)),
        FunctionKey("ecr", .section([FunctionKey("delete_image", .dropped("`rm` removes what `publish` made"))])),
    ]

    private static let credentials = "say which with `--profile` or AWS_PROFILE"
    private static let ownRegion = "everything stands in the function's region, `lambda.region`"
    private static let own = "SCAR works it out itself"
    private static let supervisor = "the supervisor is part of scar-build and of every package"
    private static let call = "a call says it: `scar-build invoke`, with `-a` for an event that nobody waits for"

    private static func text(_ example: String) -> SchemaKind {
        .text(TextRule("1 to 4096 characters", example: example))
    }

    // MARK: lambda

    private static var lambda: [FunctionKey] {
        [
            FunctionKey("name", .same("name")), FunctionKey("region", .same("function.region")),
            FunctionKey("memory", .same("function.memory")), FunctionKey("timeout", .same("function.timeout")),
            FunctionKey("timeout_threshold", .same("function.timeoutThreshold")),
            FunctionKey("execution_mode", .same("execution")),
            FunctionKey("description", .same("function.description")),
            FunctionKey(
                "runtime",
                .read(
                    text("image"), "`image` becomes `target` image; any other has no meaning, as no Python is involved")
            ),
            FunctionKey(
                "architectures",
                .read(.list(RecipeSchema.kind(at: "function.architecture"), count: 0...2), "`function.architecture`")),
            FunctionKey("layers", .same("function.layers")),
            FunctionKey("log_level", .read(.choice(levels), "`function.logLevel`; CRITICAL is `error`")),
            FunctionKey("environment", .section([FunctionKey("Variables", .same("function.environment"))])),
            FunctionKey("init_script", .same("script")),
            FunctionKey(
                "run_script",
                .read(text("run.sh"), "`script`, where there is no `init_script`: it is shipped, not sent with a call")),
            FunctionKey("extra_payload", .read(text("data"), "`files`; in the package it stands under `files/`")),
            FunctionKey("preheat", .same("function.preheat")),
            FunctionKey(
                "deployment",
                .section([
                    FunctionKey("bucket", .same("function.bucket")),
                    FunctionKey("max_payload_size", .dropped("Lambda's limits are known")),
                    FunctionKey("max_s3_payload_size", .dropped("Lambda's limits are known")),
                ])),
            FunctionKey("container", .section(container)),
            FunctionKey("image_file", .read(text("image.tar"), "`image`, as `docker-archive:FILE`")),
            FunctionKey("input", .list(channel)), FunctionKey("output", .list(channel)),
            FunctionKey(
                "vpc",
                .section([
                    FunctionKey("SubnetIds", .same("function.vpc.subnets")),
                    FunctionKey("SecurityGroupIds", .same("function.vpc.securityGroups")),
                ])),
            FunctionKey(
                "file_system",
                .list([
                    FunctionKey("Arn", .read(text("arn:…"), "`function.fileSystems`, its `arn`")),
                    FunctionKey("LocalMountPath", .read(text("/mnt/data"), "`function.fileSystems`, its `path`")),
                ])),
            FunctionKey("file_stage_in", .read(.boolean, "true, which leaves inputs where they are, is refused")),
            FunctionKey("tags", .same("function.tags")),
        ] + nothing
    }

    /// What says nothing to scar-build.
    private static var nothing: [FunctionKey] {
        [
            FunctionKey("boto_profile", .dropped(credentials)), FunctionKey("supervisor", .dropped(supervisor)),
            FunctionKey("invocation_type", .dropped(call)), FunctionKey("asynchronous", .dropped(call)),
            FunctionKey("log_type", .dropped("`scar-build invoke --log` shows the log")),
            FunctionKey("handler", .dropped(own)), FunctionKey("arn", .dropped(own)),
            FunctionKey("config_path", .dropped(own)), FunctionKey("payload", .dropped(own)),
        ]
    }

    private static var container: [FunctionKey] {
        [
            FunctionKey("image", .same("image")),
            FunctionKey("image_file", .read(text("image.tar"), "`image`, as `docker-archive:FILE`")),
            FunctionKey("environment", .section([FunctionKey("Variables", .same("environment"))])),
            FunctionKey("timeout_threshold", .same("function.timeoutThreshold")),
            FunctionKey("alpine", .dropped("the supervisor runs in every image")),
            FunctionKey("create_image", .dropped("what is built follows from the image, `--target` and the limits")),
            FunctionKey("init_script", .dropped("SCAR does not read it here; it belongs in ‘lambda’")),
            FunctionKey("extra_payload", .dropped("SCAR does not read it here; it belongs in ‘lambda’")),
        ]
    }

    private static var channel: [FunctionKey] {
        [
            FunctionKey("storage_provider", .read(text("s3"), "`storage`; `s3` is the function's role's")),
            FunctionKey("path", .read(text("bucket/in"), "`path`")),
            FunctionKey("prefix", .read(.list(.text(.filter), count: 0...64), "`prefix`, for inputs too")),
            FunctionKey("suffix", .read(.list(.text(.filter), count: 0...64), "`suffix`, for inputs too")),
        ]
    }

    private static var levels: [SchemaChoice] {
        ["CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG"].flatMap {
            [SchemaChoice($0, ""), SchemaChoice($0.lowercased(), "")]
        }
    }

    // MARK: The other sections

    private static var iam: [FunctionKey] {
        [FunctionKey("role", .same("function.role")), FunctionKey("boto_profile", .dropped(credentials))]
    }

    private static var storage: [FunctionKey] {
        [
            FunctionKey("boto_profile", .dropped(credentials)), FunctionKey("region", .dropped(ownRegion)),
            FunctionKey("event", .dropped("`scar-build submit` sends the event that S3 would send")),
        ]
    }

    private static var logs: [FunctionKey] {
        let options = "options of `scar-build logs`"
        return [
            FunctionKey("log_retention_policy_in_days", .same("function.logRetention")),
            FunctionKey("boto_profile", .dropped(credentials)), FunctionKey("region", .dropped(ownRegion)),
            FunctionKey("log_stream_name", .dropped(options)), FunctionKey("request_id", .dropped(options)),
        ]
    }

    private static var api: [FunctionKey] {
        let made = "the endpoint is made as SCAR made it"
        let rules = ["NONE", "AWS_IAM", "CUSTOM", "COGNITO_USER_POOLS"].map { SchemaChoice($0, "") }
        return [
            FunctionKey("name", .read(.text(.apiName), "`api.name`, and `api.kind` rest")),
            FunctionKey("stage_name", .read(.text(.stage), "`api.stage`")),
            FunctionKey(
                "method",
                .section([
                    FunctionKey(
                        "authorizationType",
                        .read(.choice(rules), "`api.authorization`; `iam` when absent, where SCAR let everybody call")),
                    FunctionKey("requestParameters", .dropped(made)),
                ])),
            FunctionKey("boto_profile", .dropped(credentials)), FunctionKey("region", .dropped(ownRegion)),
            FunctionKey("parameters", .dropped(call)), FunctionKey("data_binary", .dropped(call)),
            FunctionKey("json_data", .dropped(call)),
        ]
            + [
                "endpoint", "http_method", "integration", "request_parameters", "path_part", "service_id",
                "source_arn_testing", "source_arn_invocation",
            ].map { FunctionKey($0, .dropped(made)) }
    }

    private static var batch: [FunctionKey] {
        [
            FunctionKey("vcpus", .same("batch.vcpus")), FunctionKey("memory", .same("batch.memory")),
            FunctionKey("enable_gpu", .read(.boolean, "`batch.gpus`: 1 or 0")),
            FunctionKey("service_role", .read(text("arn:…"), "`batch.compute.serviceRole`")),
            FunctionKey("environment", .section([FunctionKey("Variables", .same("batch.environment"))])),
            FunctionKey(
                "multi_node_parallel",
                .section([
                    FunctionKey("enabled", .read(.boolean, "without it there is one node")),
                    FunctionKey(
                        "number_nodes",
                        .read(.integer(1...1000, unit: "nodes"), "`batch.nodes`, where `enabled`; 10 when absent")),
                    FunctionKey("main_node_index", .dropped("the first node is the main one")),
                ])),
            FunctionKey("compute_resources", .section(compute)),
            FunctionKey("boto_profile", .dropped(credentials)), FunctionKey("region", .dropped(ownRegion)),
            FunctionKey("state", .dropped("what is published is enabled")),
            FunctionKey("type", .dropped("compute environments are managed by Batch")),
        ]
    }

    private static var compute: [FunctionKey] {
        let kinds = SchemaKind.choice(["EC2", "SPOT", "FARGATE", "FARGATE_SPOT"].map { SchemaChoice($0, "") })
        return [
            FunctionKey("type", .read(kinds, "`batch.compute.kind`")),
            FunctionKey("comp_type", .read(kinds, "`batch.compute.kind`")),
            FunctionKey("min_v_cpus", .same("batch.compute.minVcpus")),
            FunctionKey("max_v_cpus", .same("batch.compute.maxVcpus")),
            FunctionKey("instance_types", .same("batch.compute.instanceTypes")),
            FunctionKey("subnets", .same("batch.compute.subnets")),
            FunctionKey("security_group_ids", .same("batch.compute.securityGroups")),
            FunctionKey("instance_role", .read(text("arn:…"), "`batch.compute.instanceRole`")),
            FunctionKey("desired_v_cpus", .dropped("Batch decides between the least and the most")),
            FunctionKey("launch_template_name", .dropped(supervisor)),
        ]
    }
}
