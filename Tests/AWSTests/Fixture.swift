import AWS
import ByteKit
import TestKit
import Transport

/// What most tests of the client begin with.
enum Fixture {
    static let credentials = Credentials(
        accessKey: "AKIAEXAMPLE", secretKey: Secret("wJalrXUtnFEMI"), sessionToken: Secret("hunter3"), source: "a test")

    static func configuration(
        _ variables: [String: String] = [:], profile: String? = nil
    ) throws(AWSError) -> Configuration {
        try Configuration(profile: profile) { variables[$0] }
    }

    static func client(
        _ transport: ScriptedTransport, time: ManualTime = ManualTime(), region: String = "eu-west-1",
        variables: [String: String] = [:]
    ) throws(AWSError) -> AWSClient {
        let configuration = try configuration(variables)
        return AWSClient(
            configuration, region: try configuration.region(region), transport: transport, time: time.source,
            fixed: credentials)
    }

    /// Writes a file into a folder.
    static func write(_ text: String, _ path: String) throws {
        try OutputFile.write(Array(text.utf8), to: path)
    }
}
