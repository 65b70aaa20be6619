internal import ByteKit
package import Transport
internal import Glibc

/// What variables and files of this machine say about AWS.
package struct Configuration: Sendable {
    /// Looks a variable up; nil when it is unset or empty.
    package var variable: @Sendable (String) -> String?
    /// The profile in use.
    package let profile: String
    /// Whether a person named the profile on the command line, which then goes before variables.
    let isProfileChosen: Bool
    private let config: ConfigurationFile
    private let credentials: ConfigurationFile

    /// - Parameters:
    ///   - profile: what the command line says; the variable `AWS_PROFILE`, else `default`, when nil.
    ///   - variable: how variables are looked up; this process's own by default.
    package init(
        profile: String? = nil, variable: @escaping @Sendable (String) -> String? = { Environment[$0] }
    ) throws(AWSError) {
        self.variable = variable
        isProfileChosen = profile != nil
        self.profile = profile ?? variable("AWS_PROFILE") ?? variable("AWS_DEFAULT_PROFILE") ?? "default"
        config = try Self.file(variable("AWS_CONFIG_FILE"), "config", variable)
        credentials = try Self.file(variable("AWS_SHARED_CREDENTIALS_FILE"), "credentials", variable)
        let isNamed = isProfileChosen || variable("AWS_PROFILE") != nil || variable("AWS_DEFAULT_PROFILE") != nil
        guard !isNamed || settings(of: self.profile) != nil else {
            throw AWSError(
                .configuration, "there is no profile ‘\(self.profile)’ in the AWS configuration files",
                hint: "‘aws configure list-profiles’ prints the profiles that there are")
        }
    }

    private static func file(
        _ path: String?, _ name: String, _ variable: (String) -> String?
    ) throws(AWSError) -> ConfigurationFile {
        guard var path = path ?? variable("HOME").map({ "\($0)/.aws/\(name)" }) else { return ConfigurationFile() }
        if path.hasPrefix("~/"), let home = variable("HOME") { path = home + path.dropFirst() }
        guard unsafe access(path, F_OK) == 0 else { return ConfigurationFile() }
        do throws(FileError) {
            return ConfigurationFile(try InputFile.contents(of: path, limit: 4 << 20))
        } catch {
            throw AWSError(.configuration, error.diagnostic.message, hint: error.diagnostic.hint)
        }
    }

    /// All settings of a profile, those of the credentials file first; nil when there is no such profile.
    func settings(of profile: String) -> [String: String]? {
        let name = profile == "default" && config.sections["profile default"] == nil ? "default" : "profile \(profile)"
        let (ours, theirs) = (credentials.sections[profile], config.sections[name])
        guard ours != nil || theirs != nil else { return nil }
        return (theirs ?? [:]).merging(ours ?? [:]) { $1 }
    }

    /// A setting of the profile in use.
    func setting(_ key: String) -> String? {
        settings(of: profile)?[key].flatMap { $0.isEmpty ? nil : $0 }
    }

    func ssoSession(_ name: String) -> [String: String]? { config.sections["sso-session \(name)"] }

    // MARK: Answers

    /// The region to work in: what was asked for, else the variables', else the profile's.
    package func region(_ wanted: String?) throws(AWSError) -> Region {
        let name = wanted ?? variable("AWS_REGION") ?? variable("AWS_DEFAULT_REGION") ?? setting("region")
        guard let name else {
            throw AWSError(
                .configuration, "no region is set",
                hint: "give --region, set AWS_REGION, or put ‘region’ into the recipe's ‘function’ or your AWS profile")
        }
        guard let region = Region(name) else {
            throw AWSError(.configuration, "‘\(name)’ is not an AWS region", hint: "one is called eu-west-1")
        }
        return region
    }

    /// How often something is tried in all. AWS SDKs and Tools Reference, "max_attempts".
    var attempts: Int {
        let text = variable("AWS_MAX_ATTEMPTS") ?? setting("max_attempts")
        return text.flatMap { Int($0) }.map { min(max($0, 1), 20) } ?? 3
    }

    /// Where a service stands; nil for AWS's own place. AWS SDKs and Tools Reference, "Service-specific endpoints".
    func endpoint(_ service: Service) throws(AWSError) -> URL? {
        let ignored = variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") ?? setting("ignore_configured_endpoint_urls")
        guard ignored?.lowercased() != "true" else { return nil }
        let own = setting("services").flatMap { config.sections["services \($0)"]?["\(service.name).endpoint_url"] }
        let text =
            variable("AWS_ENDPOINT_URL_\(service.variable)") ?? own ?? variable("AWS_ENDPOINT_URL")
            ?? setting("endpoint_url")
        guard let text else { return nil }
        do throws(TransportError) {
            return try URL(parsing: text)
        } catch {
            throw AWSError(
                .configuration, "the endpoint of \(service.name) is no address: \(error.detail)",
                hint: "see AWS_ENDPOINT_URL and endpoint_url of the profile ‘\(profile)’")
        }
    }

    /// Where requests to a service go, and the region they are signed for.
    package func place(of service: Service, in region: Region) throws(AWSError) -> (url: URL, signingRegion: String) {
        let signingRegion = service.isGlobal ? region.globalRegion : region.name
        if let url = try endpoint(service) { return (url, signingRegion) }
        let host = service.isGlobal ? region.iamHost : "\(service.hostPrefix).\(region.name).\(region.domain)"
        return (URL(scheme: .https, host: host), signingRegion)
    }
}
