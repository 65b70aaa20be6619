/// A place without AWS, whatever account this machine's own environment offers.
package enum NoAWS {
    /// Empties every variable by which scar-build finds credentials, a region or an address, which is as if it were not set.
    /// What calls all the same finds nobody.
    package static let variables: [(name: String, value: String)] = {
        let emptied = said + services.map { "AWS_ENDPOINT_URL_\($0)" }
        var variables = emptied.map { (name: $0, value: "") }
        variables += [
            (name: "AWS_CONFIG_FILE", value: "/dev/null/none"),
            (name: "AWS_SHARED_CREDENTIALS_FILE", value: "/dev/null/none"),
            (name: "AWS_EC2_METADATA_DISABLED", value: "true"),
            (name: "AWS_ENDPOINT_URL", value: "http://127.0.0.1:9"), (name: "AWS_MAX_ATTEMPTS", value: "1"),
        ]
        return variables
    }()

    private static let said = [
        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_PROFILE", "AWS_DEFAULT_PROFILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT", "AWS_REGION", "AWS_DEFAULT_REGION",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    ]

    /// Those whose own address goes before the one for all.
    private static let services = [
        "LAMBDA", "LAMBDA_CORE", "S3", "IAM", "STS", "CLOUDWATCH_LOGS", "APIGATEWAYV2", "API_GATEWAY", "BATCH",
        "RESOURCE_GROUPS_TAGGING_API", "EVENTBRIDGE", "EC2", "ECR", "ECR_PUBLIC", "SSO",
    ]
}
