internal import JSON

extension RecipeSchema {
    static var function: SchemaObject {
        SchemaObject(
            "‘function’",
            [
                SchemaKey("memory", .integer(128...10_240, unit: "MB"), .defaulting(.integer(512)), "Memory in MB."),
                SchemaKey(
                    "timeout", .integer(1...900, unit: "seconds"), .defaulting(.integer(300)),
                    "The longest a call may take, in seconds."),
                SchemaKey(
                    "timeoutThreshold", .integer(0...899, unit: "seconds"), .defaulting(.integer(10)),
                    "How many of those seconds are kept for storing the output."),
                SchemaKey(
                    "ephemeralStorage", .integer(512...10_240, unit: "MB"), .defaulting(.integer(512)),
                    "Room in /tmp in MB."),
                SchemaKey(
                    "architecture",
                    .choice([SchemaChoice("x86_64", "linux/amd64"), SchemaChoice("arm64", "linux/arm64")]),
                    "The processor. Follows `platform` when absent."),
                SchemaKey("description", .text(.description), "What the function does, for those who list it."),
                SchemaKey(
                    "region", .text(.region), "The AWS region. The command line's, or the profile's, when absent."),
                SchemaKey(
                    "role", .text(.role),
                    "The ARN of the role that the function runs as. Made by `publish` when absent."),
                SchemaKey("bucket", .text(.bucket), "A bucket for packages that are too large to be sent directly."),
                SchemaKey(
                    "layers", .list(.text(.layer), count: 0...5), .defaulting(.array([])),
                    "ARNs of layers to put beneath the function."),
                SchemaKey(
                    "logRetention", .integerChoice(logRetentions, unit: "days"), .defaulting(.integer(30)),
                    "How many days logs are kept."),
                SchemaKey(
                    "logLevel", .choice(["debug", "info", "warning", "error"].map { SchemaChoice($0, "") }),
                    .defaulting(.string("info")), "How much the supervisor says in the log."),
                SchemaKey(
                    "metrics", .boolean, .defaulting(.bool(false)),
                    "Whether each call leaves a line in the log that CloudWatch makes metrics of: times, bytes and "
                        + "failures."),
                SchemaKey(
                    "tags", .map(name: .tag, value: .tagValue, most: 50), .defaulting(.object(named: [])),
                    "Tags of the function."),
                SchemaKey(
                    "environment", .map(name: .lambdaVariable, value: .variableValue, most: 256),
                    .defaulting(.object(named: [])),
                    "Variables of the Lambda function itself, 4 KB in all. The script's belong in the recipe's "
                        + "`environment`, which has no such limit."
                ),
                SchemaKey("vpc", .object(vpc), "The network that the function stands in."),
                SchemaKey(
                    "fileSystems", .list(.object(fileSystem), count: 0...1), .defaulting(.array([])),
                    "EFS access points to mount. They need `vpc`."),
                SchemaKey(
                    "deadLetter", .text(.deadLetter),
                    "The ARN of an SQS queue or SNS topic for events that nobody waited for and that failed."),
                SchemaKey(
                    "concurrency", .integer(0...100_000, unit: "calls"),
                    "How many calls may run at a time. As many as the account allows when absent."),
                SchemaKey(
                    "runtime", .text(.runtime),
                    "With the target `runtime`: the name of the runtime, for functions that share one. Each has its own "
                        + "when absent."),
                SchemaKey(
                    "keepVersions", .integer(1...1000, unit: "versions"), .defaulting(.integer(5)),
                    "How many published versions are kept to go back to, the one in use included."),
                SchemaKey(
                    "preheat", .boolean, .defaulting(.bool(false)),
                    "Whether `publish` calls the function once, so that the first caller need not wait."),
            ])
    }

    private static var vpc: SchemaObject {
        SchemaObject(
            "‘vpc’",
            [
                SchemaKey("subnets", .list(.text(.subnet), count: 1...16), .required, "Subnet ids."),
                SchemaKey(
                    "securityGroups", .list(.text(.securityGroup), count: 1...5), .required, "Security group ids."),
            ])
    }

    private static var fileSystem: SchemaObject {
        SchemaObject(
            "a file system",
            [
                SchemaKey("arn", .text(.accessPoint), .required, "The ARN of the EFS access point."),
                SchemaKey("path", .text(.mountPath), .required, "Where it is mounted, under /mnt."),
            ])
    }

    private static let logRetentions = [
        1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
    ]

    // MARK: Input and output

    static var input: SchemaObject {
        SchemaObject("an input", [storage("Files whose path begins with this folder call the function.")] + filters)
    }

    static var output: SchemaObject {
        SchemaObject("an output", [storage("The folder that the files are put into.")] + filters)
    }

    private static func storage(_ path: String) -> SchemaKey {
        SchemaKey("path", .text(.storagePath), .required, "A bucket, and a folder in it. \(path)")
    }

    private static var filters: [SchemaKey] {
        [
            SchemaKey(
                "storage", .text(.storageName), .defaulting(.string("s3")),
                "`s3`: Amazon S3, as the function's role. Otherwise the name of one of the recipe's `storages`."),
            SchemaKey(
                "prefix", .list(.text(.filter), count: 0...64), .defaulting(.array([])),
                "Only files whose name begins with one of these. An empty list takes all."),
            SchemaKey(
                "suffix", .list(.text(.filter), count: 0...64), .defaulting(.array([])),
                "Only files whose name ends with one of these. An empty list takes all."),
        ]
    }

    static var storageServer: SchemaObject {
        SchemaObject(
            "a storage",
            [
                SchemaKey("name", .text(.storageName), .required, "What inputs and outputs call it."),
                SchemaKey("endpoint", .text(.endpoint), .required, "The server's address."),
                SchemaKey(
                    "region", .text(.regionName), .defaulting(.string("us-east-1")), "What requests are signed for."),
                SchemaKey(
                    "pathStyle", .boolean, .defaulting(.bool(true)),
                    "Whether buckets are part of the path (`https://host/bucket/key`); otherwise of the host's name "
                        + "(`https://bucket.host/key`)."),
                SchemaKey(
                    "verify", .boolean, .defaulting(.bool(true)),
                    "Whether the server's certificate is checked. Without that, anybody on the way can read and change "
                        + "what is stored."),
                SchemaKey(
                    "authority", .text(.path(example: "minio-ca.pem")),
                    "The certificates that the server's is checked against, in PEM, instead of the usual ones. It is "
                        + "shipped in the package."),
                SchemaKey(
                    "accessKey", .text(.variable), .required, "The function's variable that holds the access key."),
                SchemaKey(
                    "secretKey", .text(.variable), .required, "The function's variable that holds the secret key."),
                SchemaKey("sessionToken", .text(.variable), "The one that holds a session token, if there is one."),
            ])
    }

    // MARK: Calls

    static var calls: SchemaObject {
        SchemaObject(
            "‘calls’",
            [
                SchemaKey(
                    "eventMayBring",
                    .list(
                        .choice([
                            SchemaChoice("script", "a program to run instead, in base64, as `scar run -s` sends it"),
                            SchemaChoice("arguments", "words for the program, as `scar run` sends them"),
                        ]), count: 0...2), .defaulting(.array([])),
                    "What of a direct call may be run, and not only read: `script`, a program in base64 that runs instead "
                        + "of the recipe's; `arguments`, words for the program. Whoever may invoke the function can then "
                        + "run anything in it. What comes by HTTP or from a storage is never run."),
                SchemaKey(
                    "keepOutput",
                    .list(
                        .choice([
                            SchemaChoice("failure", "the program failed"),
                            SchemaChoice("timeout", "its time was up"),
                        ]), count: 0...2), .defaulting(.array([])),
                    "After which endings the files that are there are stored all the same: `failure`, `timeout`. The call "
                        + "fails in any case."),
                SchemaKey(
                    "requireOutput", .boolean, .defaulting(.bool(false)),
                    "Whether a call for a file or a message fails when the program leaves nothing in $TMP_OUTPUT_DIR."),
                SchemaKey(
                    "partialBatches", .boolean, .defaulting(.bool(false)),
                    "Whether the answer to an SQS event lists the messages that failed, for an event source mapping with "
                        + "ReportBatchItemFailures. Otherwise one that fails brings all of them back."),
                SchemaKey(
                    "streaming", .boolean, .defaulting(.bool(false)),
                    "Whether the answer is sent while the program writes it, up to 200 MB, for function URLs with "
                        + "RESPONSE_STREAM and callers of InvokeWithResponseStream."),
                SchemaKey(
                    "linkLargeAnswers", .boolean, .defaulting(.bool(false)),
                    "Whether an output file that is stored and too large for an answer is answered with a link to it, where "
                        + "the storage gives links. Whoever has the link needs no other right to the file."),
            ])
    }

    // MARK: API, batch and tests

    static var api: SchemaObject {
        SchemaObject(
            "‘api’",
            [
                SchemaKey(
                    "kind",
                    .choice([
                        SchemaChoice("http", "an API Gateway HTTP API"),
                        SchemaChoice("rest", "an API Gateway REST API"),
                        SchemaChoice("url", "a function URL"),
                    ]), .defaulting(.string("http")), "The kind of endpoint."),
                SchemaKey("name", .text(.apiName), "The API's name. The function's when absent."),
                SchemaKey("stage", .text(.stage), .defaulting(.string("scar")), "The API's stage."),
                SchemaKey(
                    "authorization",
                    .choice([
                        SchemaChoice("none", "everybody may call"), SchemaChoice("iam", "callers sign their requests"),
                    ]),
                    .defaulting(.string("iam")), "Who may call, when `jwt` does not say it."),
                SchemaKey("jwt", .object(jwt), "Callers bring a token; for `http`."),
                SchemaKey(
                    "cors", .object(cors), "Which pages of other origins may call from a browser; for `http` and `url`."
                ),
            ])
    }

    private static var jwt: SchemaObject {
        SchemaObject(
            "‘jwt’",
            [
                SchemaKey("issuer", .text(.issuer), .required, "Who issues the tokens."),
                SchemaKey(
                    "audience", .list(.text(.audience), count: 1...50), .required, "Whom the tokens must be for."),
            ])
    }

    private static var cors: SchemaObject {
        SchemaObject(
            "‘cors’",
            [
                SchemaKey(
                    "origins", .list(.text(.origin), count: 1...100), .required,
                    "Origins such as `https://example.com`, or `*` for all."),
                SchemaKey(
                    "methods", .list(.text(.httpMethod), count: 1...10), .defaulting(.array([.string("*")])),
                    "HTTP methods, or `*` for all."),
                SchemaKey(
                    "headers", .list(.text(.headerName), count: 0...100), .defaulting(.array([])),
                    "Header fields that requests may have besides the usual ones."),
            ])
    }

    static var batch: SchemaObject {
        SchemaObject(
            "‘batch’",
            [
                SchemaKey("vcpus", .integer(1...256, unit: "vCPUs"), .defaulting(.integer(1)), "vCPUs of a job."),
                SchemaKey(
                    "memory", .integer(4...1_048_576, unit: "MiB"), .defaulting(.integer(1024)),
                    "Memory of a job in MiB."),
                SchemaKey("gpus", .integer(0...16, unit: "GPUs"), .defaulting(.integer(0)), "GPUs of a job."),
                SchemaKey(
                    "nodes", .integer(1...1000, unit: "nodes"), .defaulting(.integer(1)),
                    "Nodes of a multi-node parallel job; 1 is an ordinary job."),
                SchemaKey(
                    "environment", .map(name: .batchVariable, value: .variableValue, most: 256),
                    .defaulting(.object(named: [])),
                    "Variables of the job, on top of the recipe's `environment`."),
                SchemaKey(
                    "takesAfter",
                    .list(
                        .choice([
                            SchemaChoice("timeout", "the program's time was up"),
                            SchemaChoice("memory", "the program was killed, as it is when memory runs out"),
                            SchemaChoice("space", "/tmp had no room for the image or an input"),
                        ]), count: 1...3),
                    .defaulting(.array([.string("timeout"), .string("memory"), .string("space")])),
                    "With `lambda-batch`: which shortages in Lambda turn an event into a job."
                ),
                SchemaKey(
                    "events", .text(.storagePath),
                    "A bucket and a folder in it, for events of more than 24 KiB: jobs read those from there. Without it "
                        + "such an event is an error."),
                SchemaKey(
                    "compute", .object(compute), .defaulting(.object(named: [])), "The machines that jobs run on."),
            ])
    }

    private static var compute: SchemaObject {
        let vcpus = SchemaKind.integer(0...100_000, unit: "vCPUs")
        return SchemaObject(
            "‘compute’",
            [
                SchemaKey(
                    "kind", .choice(["ec2", "spot", "fargate", "fargate-spot"].map { SchemaChoice($0, "") }),
                    .defaulting(.string("ec2")),
                    "What kind of machines."),
                SchemaKey("minVcpus", vcpus, .defaulting(.integer(0)), "vCPUs that are always there."),
                SchemaKey(
                    "maxVcpus", .integer(1...100_000, unit: "vCPUs"), .defaulting(.integer(2)),
                    "The most vCPUs there may be at a time."),
                SchemaKey(
                    "instanceTypes", .list(.text(.instanceType), count: 1...64),
                    .defaulting(.array([.string("optimal")])), "EC2 instance types."),
                SchemaKey(
                    "subnets", .list(.text(.subnet), count: 0...16), .defaulting(.array([])),
                    "Subnet ids. The default network's when empty."),
                SchemaKey(
                    "securityGroups", .list(.text(.securityGroup), count: 0...5), .defaulting(.array([])),
                    "Security group ids. The default network's when empty."),
                SchemaKey("instanceRole", .text(.instanceProfile), "The ARN of the machines' instance profile."),
                SchemaKey("serviceRole", .text(.role), "The ARN of the role that Batch itself acts as."),
            ])
    }

    static var test: SchemaObject {
        SchemaObject(
            "a test",
            [
                SchemaKey("name", .text(.testName), .required, "What the test is called in reports."),
                SchemaKey("event", .text(.path(example: "tests/event.json")), "A JSON file to call the function with."),
                SchemaKey(
                    "input", .text(.path(example: "tests/short.mp4")),
                    "A file to call the function with, as if it had been put into its input."),
                SchemaKey(
                    "environment", .map(name: .variable, value: .variableValue, most: 1024),
                    .defaulting(.object(named: [])),
                    "Variables for this test only."),
                SchemaKey(
                    "output", .list(.text(.pattern), count: 0...1000), .defaulting(.array([])),
                    "Paths below $TMP_OUTPUT_DIR that must be there afterwards; `*` and `?` match within a name."),
                SchemaKey(
                    "expected", .text(.path(example: "tests/expected")),
                    "A folder whose files must be there afterwards, below $TMP_OUTPUT_DIR, with the same bytes; or one "
                        + "such file."),
                SchemaKey(
                    "response", .text(.responseText),
                    "Text that the response must hold: as it is, or decoded when it is an HTTP response in base64."),
                SchemaKey(
                    "fails", .boolean, .defaulting(.bool(false)),
                    "Whether the function must fail. `response` is then about its error."),
                SchemaKey(
                    "timeout", .integer(1...900, unit: "seconds"), .defaulting(.integer(60)),
                    "How long the test may take, in seconds."),
            ])
    }
}
