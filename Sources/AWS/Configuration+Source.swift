/// Where credentials would come from, for whoever wants to know without asking for them.
extension Configuration {
    /// The first place of the credential chain that has anything: `the environment`, `the profile ‘default’`; nil when
    /// neither variables nor files have. The role of an instance is known only by asking for it.
    package var credentialSource: String? {
        func isSet(_ names: String...) -> Bool { names.allSatisfy { variable($0) != nil } }
        if !isProfileChosen {
            if isSet("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY") { return "the environment" }
            if isSet("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN") { return "a web identity" }
        }
        let keys = ["aws_access_key_id", "role_arn", "sso_account_id", "sso_session", "credential_process"]
        if let settings = settings(of: profile), keys.contains(where: { settings[$0] != nil }) {
            return "the profile ‘\(profile)’"
        }
        return isSet("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") || isSet("AWS_CONTAINER_CREDENTIALS_FULL_URI")
            ? "the container's credentials" : nil
    }
}
