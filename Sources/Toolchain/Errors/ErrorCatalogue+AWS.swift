extension ErrorCatalogue {
    /// Publish, invoke and the rest.
    static let aws = ErrorChapter(
        "AWS and publishing",
        [
            ErrorEntry(
                "aws-service", cause: "AWS said no; the message has its own code and words.",
                cure:
                    "For AccessDenied, let the role or user do what the message names, or choose another name for a bucket that is another account’s; for expired tokens, log in again."
            ),
            ErrorEntry(
                "aws-credentials", cause: "There are no AWS credentials, or they cannot be used.",
                cure:
                    "Set AWS_ACCESS_KEY_ID and its fellows, or name a profile with --profile; ‘aws sso login’ renews a session. ‘scar-build doctor’ says what is found."
            ),
            ErrorEntry(
                "aws-configuration", cause: "~/.aws/config or a variable says something impossible.",
                cure: "Mend what the message names."),
            ErrorEntry(
                "aws-answer", cause: "AWS answered with what it never says; often it is a proxy or another server.",
                cure: "Check AWS_ENDPOINT_URL and HTTPS_PROXY."),
            ErrorEntry(
                "aws-transport", cause: "The exchange with AWS failed.",
                cure: "Check region, network and proxy, and run the command again."),
            ErrorEntry(
                "aws-timeout", cause: "AWS took longer than it may.",
                cure: "Run the command again: it goes on from there."),
            ErrorEntry(
                "function-settings", cause: "The recipe’s settings cannot become a Lambda function.",
                cure: "Change the key that the message names."),
            ErrorEntry(
                "not-ours", cause: "Something of this name is there, and scar-build did not make it.",
                cure:
                    "Choose another ‘name’, or remove the other thing yourself; --adopt takes over a function and its log group."
            ),
            ErrorEntry(
                "publish-conflict", cause: "What is there cannot become what is wanted.",
                cure: "‘scar-build rm NAME’ first, or publish under another name."),
            ErrorEntry(
                "recursion", cause: "A function’s output would call it again, without end.",
                cure: "Let ‘output’ lie outside of ‘input’, or tell them apart by suffix."),
            ErrorEntry(
                "several-regions", cause: "A template is for one region, and the file’s functions are of several.",
                cure: "Write a recipe for each region."),
            ErrorEntry(
                "no-resource", cause: "The template’s language has no resource for something that the function needs.",
                cure:
                    "Write it with ‘--emit cloudformation’, which Terraform deploys as an aws_cloudformation_stack, or choose another ‘target’."
            ),
            ErrorEntry(
                "lambda-limit", cause: "Something is larger than AWS takes.",
                cure: "The message names it, and the limit."),
            ErrorEntry(
                "publish-failed", cause: "AWS was making something, and it came to nothing.",
                cure: "The message has AWS’s reason, where it gives one; run the command again after mending it."),
            ErrorEntry(
                "publish-timeout", cause: "AWS did not finish in time.",
                cure: "Run the command again: it goes on from there."),
            ErrorEntry(
                "not-found", cause: "There is no such function, file, call or object.",
                cure: "‘scar-build ls’ lists functions, ‘scar-build ls BUCKET/FOLDER’ files."),
            ErrorEntry(
                "strange-key", cause: "An object’s name cannot be that of a file below a folder.",
                cure: "Fetch the object with the aws client under another name."),
            ErrorEntry(
                "calls-failed", cause: "Some calls of ‘submit’ failed.",
                cure: "Run the same command again: what succeeded is not called again."),
        ])
}
