/// One of AWS's services, as far as its requests differ from others'.
package struct Service: Sendable, Equatable {
    /// What people call it, and what its addresses in the configuration file are filed under: `lambda`.
    package var name: String
    /// What stands before the region in its host: `api.ecr`.
    var hostPrefix: String
    /// What its requests are signed as.
    var signingName: String
    /// What `AWS_ENDPOINT_URL_` goes on with; its id, as botocore has it.
    var variable: String
    var style: RequestSigner.Style = .standard
    /// Whether there is one for all regions of a partition.
    var isGlobal = false

    package static let lambda = Service(
        name: "lambda", hostPrefix: "lambda", signingName: "lambda", variable: "LAMBDA")
    package static let lambdaCore = Service(
        name: "lambda_core", hostPrefix: "lambda", signingName: "lambda", variable: "LAMBDA_CORE")
    package static let s3 = Service(name: "s3", hostPrefix: "s3", signingName: "s3", variable: "S3", style: .s3)
    package static let iam = Service(
        name: "iam", hostPrefix: "iam", signingName: "iam", variable: "IAM", isGlobal: true)
    package static let sts = Service(name: "sts", hostPrefix: "sts", signingName: "sts", variable: "STS")
    package static let logs = Service(
        name: "cloudwatch_logs", hostPrefix: "logs", signingName: "logs", variable: "CLOUDWATCH_LOGS")
    package static let httpAPI = Service(
        name: "apigatewayv2", hostPrefix: "apigateway", signingName: "apigateway", variable: "APIGATEWAYV2")
    package static let restAPI = Service(
        name: "api_gateway", hostPrefix: "apigateway", signingName: "apigateway", variable: "API_GATEWAY")
    package static let batch = Service(name: "batch", hostPrefix: "batch", signingName: "batch", variable: "BATCH")
    package static let tagging = Service(
        name: "resource_groups_tagging_api", hostPrefix: "tagging", signingName: "tagging",
        variable: "RESOURCE_GROUPS_TAGGING_API")
    package static let events = Service(
        name: "eventbridge", hostPrefix: "events", signingName: "events", variable: "EVENTBRIDGE")
    package static let ec2 = Service(name: "ec2", hostPrefix: "ec2", signingName: "ec2", variable: "EC2")
    package static let ecr = Service(name: "ecr", hostPrefix: "api.ecr", signingName: "ecr", variable: "ECR")
    package static let ecrPublic = Service(
        name: "ecr_public", hostPrefix: "api.ecr-public", signingName: "ecr-public", variable: "ECR_PUBLIC")
    static let sso = Service(name: "sso", hostPrefix: "portal.sso", signingName: "awsssoportal", variable: "SSO")
}
