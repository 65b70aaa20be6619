internal import ArgumentParser
internal import AWS
internal import Publisher

/// The account that a command works in.
struct AccountOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The AWS region (AWS_REGION).", valueName: "region"))
    var region: String?

    @Option(help: ArgumentHelp("The profile of ~/.aws/config (AWS_PROFILE).", valueName: "name"))
    var profile: String?

    /// - Parameter recipe: what the recipe says, when there is one and the command line says nothing.
    func session(recipe: String? = nil) throws -> Session {
        try Session(try AWSClient.overNetwork(profile: profile, region: region ?? recipe))
    }
}
