/// The kinds of text that recipes and lock files hold.
extension TextRule {
    static var functionName: TextRule {
        TextRule(
            "1 to 64 letters, digits, ‘-’ and ‘_’", pattern: "[A-Za-z0-9_-]+", length: 1...64, example: "ffmpeg-frames")
    }

    static var image: TextRule { TextRule("an image", example: "jrottenberg/ffmpeg:4.1-ubuntu") }

    static func path(example: String) -> TextRule { TextRule("a path of 1 to 4096 characters", example: example) }

    static var pattern: TextRule { TextRule("a path pattern of 1 to 4096 characters", example: "usr/share/fonts/*") }

    static var argument: TextRule { TextRule("at most 131072 characters", length: 0...131_072, example: "ffmpeg") }

    static var variable: TextRule {
        TextRule(
            "a variable's name: letters, digits and ‘_’, no digit first", pattern: "[A-Za-z_][A-Za-z0-9_]*",
            length: 1...256, example: "FRAMES_PER_SECOND")
    }

    static var variableValue: TextRule { TextRule("at most 131072 characters", length: 0...131_072, example: "2") }

    /// What CreateFunction takes, less the names that are Lambda's own (Lambda, "Using environment variables").
    static var lambdaVariable: TextRule {
        TextRule(
            "two or more letters, digits and ‘_’, a letter first, and none of Lambda's own (AWS_…, LAMBDA_…)",
            pattern: "(?!AWS_|LAMBDA_)[A-Za-z][A-Za-z0-9_]+", length: 2...256, example: "STAGE")
    }

    /// Batch refuses names of its own.
    static var batchVariable: TextRule {
        TextRule(
            "a variable's name that does not begin with AWS_BATCH", pattern: "(?!AWS_BATCH)[A-Za-z_][A-Za-z0-9_]*",
            length: 1...256, example: "STAGE")
    }

    static var description: TextRule {
        TextRule("at most 256 characters", length: 0...256, example: "One frame a second")
    }

    static var region: TextRule {
        TextRule("an AWS region", pattern: "[a-z]{2,3}(-[a-z]+)+-[0-9]{1,2}", length: 1...64, example: "eu-west-1")
    }

    static var role: TextRule {
        TextRule(
            "the ARN of an IAM role", pattern: "arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]+",
            length: 1...2048, example: "arn:aws:iam::123456789012:role/scar")
    }

    static var instanceProfile: TextRule {
        TextRule(
            "the ARN of an instance profile",
            pattern: "arn:aws[a-z-]*:iam::[0-9]{12}:instance-profile/[A-Za-z0-9_+=,.@/-]+", length: 1...2048,
            example: "arn:aws:iam::123456789012:instance-profile/ecsInstanceRole")
    }

    static var layer: TextRule {
        TextRule(
            "the ARN of a layer version",
            pattern: "arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:layer:[A-Za-z0-9_-]+:[0-9]+", length: 1...2048,
            example: "arn:aws:lambda:eu-west-1:123456789012:layer:fonts:3")
    }

    static var accessPoint: TextRule {
        TextRule(
            "the ARN of an EFS access point",
            pattern: "arn:aws[a-z-]*:elasticfilesystem:[a-z0-9-]+:[0-9]{12}:access-point/fsap-[0-9a-f]{17}",
            length: 1...200,
            example: "arn:aws:elasticfilesystem:eu-west-1:123456789012:access-point/fsap-0123456789abcdef0")
    }

    static var deadLetter: TextRule {
        TextRule(
            "the ARN of an SQS queue or SNS topic",
            pattern: "arn:aws[a-z-]*:(sqs|sns):[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_.-]+", length: 1...512,
            example: "arn:aws:sqs:eu-west-1:123456789012:failed-videos")
    }

    static var runtime: TextRule {
        TextRule(
            "2 to 100 lower-case letters and digits, with single ‘-’ and ‘_’ between them",
            pattern: "[a-z0-9]+([_-][a-z0-9]+)*", length: 2...100, example: "company-ruby")
    }

    static var issuer: TextRule {
        TextRule(
            "an address that begins with https://", pattern: "https://[!-~]+", length: 9...2048,
            example: "https://login.example.com")
    }

    static var audience: TextRule { TextRule("1 to 256 characters", length: 1...256, example: "frames") }

    static var origin: TextRule {
        TextRule(
            "an origin, or *", pattern: "\\*|https?://[!-~]+", length: 1...253, example: "https://example.com")
    }

    static var httpMethod: TextRule {
        TextRule(
            "an HTTP method, or *", pattern: "\\*|GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS", length: 1...7,
            example: "POST")
    }

    static var headerName: TextRule {
        TextRule("a header field's name, or *", pattern: "\\*|[A-Za-z0-9-]+", length: 1...128, example: "content-type")
    }

    static var mountPath: TextRule {
        TextRule("a folder under /mnt", pattern: "/mnt/[A-Za-z0-9_.-]+", length: 1...160, example: "/mnt/models")
    }

    static var subnet: TextRule {
        TextRule("a subnet id", pattern: "subnet-[0-9a-z]+", length: 1...1024, example: "subnet-0123456789abcdef0")
    }

    static var securityGroup: TextRule {
        TextRule("a security group id", pattern: "sg-[0-9a-zA-Z]+", length: 1...1024, example: "sg-0123456789abcdef0")
    }

    static var instanceType: TextRule {
        TextRule("an EC2 instance type or family", pattern: "[a-z0-9.-]+", length: 1...64, example: "c7i.large")
    }

    /// Lambda, "Tagging": the prefix aws: is AWS's own.
    static var tag: TextRule {
        TextRule(
            "a tag of 1 to 128 characters that does not begin with aws:", pattern: "(?!aws:)[^\\n]+", length: 1...128,
            example: "team")
    }

    static var tagValue: TextRule { TextRule("at most 256 characters", length: 0...256, example: "video") }

    /// Amazon S3, "Bucket naming rules".
    static var bucket: TextRule {
        TextRule(
            "a bucket's name: 3 to 63 lower-case letters, digits, ‘.’ and ‘-’",
            pattern: "[a-z0-9][a-z0-9.-]*[a-z0-9]", length: 3...63, example: "my-packages")
    }

    /// ‘*’, ‘?’ and ‘$’ mean more than themselves in the policy of the function's role. IAM User Guide, "IAM JSON policy
    /// elements: Resource".
    static var storagePath: TextRule {
        TextRule(
            "a bucket and a folder in it, such as \"videos/in\", without ‘*’, ‘?’ and ‘$’",
            pattern: "[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^/*?$]+)*", length: 3...1024, example: "videos/in")
    }

    static var storageName: TextRule {
        TextRule(
            "a storage's name: lower-case letters, digits, ‘.’ and ‘-’", pattern: "[a-z][a-z0-9.-]*", length: 1...64,
            example: "minio")
    }

    static var endpoint: TextRule {
        TextRule(
            "an address that begins with https:// or http://, without a user, a query and a fragment",
            pattern: "https?://[A-Za-z0-9._\\[\\]:-]+(/[A-Za-z0-9._~%/-]*)?", length: 8...1024,
            example: "https://minio.example.org:9000")
    }

    static var regionName: TextRule {
        TextRule("a region's name", pattern: "[a-z0-9-]+", length: 1...63, example: "us-east-1")
    }

    static var filter: TextRule { TextRule("1 to 1024 characters", length: 1...1024, example: ".mp4") }

    static var apiName: TextRule { TextRule("1 to 128 characters", length: 1...128, example: "frames") }

    static var stage: TextRule {
        TextRule("1 to 128 letters, digits, ‘-’ and ‘_’", pattern: "[A-Za-z0-9_-]+", length: 1...128, example: "prod")
    }

    static var tracedPath: TextRule {
        TextRule("a path of 1 to 12288 characters", length: 1...12_288, example: "usr/lib/ruby/3.1.0/csv.rb")
    }

    static var testName: TextRule { TextRule("1 to 200 characters", length: 1...200, example: "a short video") }

    static var responseText: TextRule { TextRule("1 to 65536 characters", length: 1...65_536, example: "frames") }

    // Lock files.

    static var digest: TextRule {
        TextRule(
            "a digest, sha256: and 64 lower-case hexadecimal digits", pattern: "sha256:[0-9a-f]{64}",
            length: 71...71, example: "sha256:" + String(repeating: "0", count: 64))
    }

    static var library: TextRule {
        TextRule("the name of a library", pattern: "[a-z][a-z0-9]*", length: 1...32, example: "zstd")
    }

    static var libraryVersion: TextRule {
        TextRule("a version", pattern: "[0-9]+(\\.[0-9]+)*", length: 1...32, example: "1.5.4")
    }

    static var mediaType: TextRule {
        TextRule(
            "a media type", pattern: "[!-~]+/[!-~]+", length: 3...256,
            example: "application/vnd.oci.image.layer.v1.tar+gzip")
    }
}
