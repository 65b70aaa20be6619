package import AWS
internal import ImageModel
package import Publisher
package import Registry
package import Transport

/// Brings images to the registry that functions and jobs fetch them from: the base first, the manifest last.
package struct ImagePush<Transport: HTTPTransport>: Sendable {
    private let pusher: RegistryPusher<Transport>

    package init(_ client: RegistryClient<Transport>) { pusher = RegistryPusher(client) }

    /// Pushes an image's layout; what the registry has of it already is not sent.
    package func push(_ image: Deployment.Image, to reference: String) throws {
        let digest = try pusher.push(layout: image.path, to: try Reference(parsing: reference))
        guard digest == image.digest else {
            throw ToolError(
                "digest-mismatch", "\(image.path) has the image \(digest), and should have \(image.digest)",
                hint: "it was changed since it was built: build it again")
        }
    }
}

extension ImagePush<CurlTransport> {
    /// - Parameter client: the credentials to log in to Amazon's registry with: those of whoever publishes.
    package init(_ configuration: RegistryConfiguration, _ client: AWSClient) {
        var configuration = configuration
        configuration.credentialSources.append(
            ECRLogin { region throws(AWSError) in
                guard let region = Region(region) else {
                    throw AWSError(.configuration, "‘\(region)’ is not an AWS region")
                }
                return client.within(region)
            })
        self.init(RegistryClient(configuration: configuration))
    }
}
