package import AWS
internal import ByteKit
package import Registry

/// Logs in to AWS's registries with the AWS credentials of whoever builds.
package struct ECRLogin: CredentialSource {
    private enum Answer: Sendable {
        case login(ECRAPI.Login)
        /// There are no credentials to ask with, and none are needed.
        case anonymous
    }

    private let client: @Sendable (_ region: String) throws(AWSError) -> AWSClient
    private let answers = Monitor<[ECRRegistry: Answer]>([:])

    /// - Parameter client: what asks AWS; made when first needed.
    package init(
        client: @escaping @Sendable (_ region: String) throws(AWSError) -> AWSClient = { region throws(AWSError) in
            try AWSClient.overNetwork(profile: nil, region: region)
        }
    ) {
        self.client = client
    }

    package func credentials(registry: String, repository: String) throws(RegistryError) -> Registry.Credentials? {
        guard let registry = ECRRegistry(host: registry) else { return nil }
        // Alone: layers that are pulled at once need one login, not one each.
        return try answers.withLock { answers throws(RegistryError) in
            do throws(AWSError) {
                let answer = try answer(for: registry, known: answers[registry])
                answers[registry] = answer
                guard case .login(let login) = answer else { return nil }
                return .password(user: login.user, password: login.password.reveal())
            } catch {
                throw RegistryError(login: error)
            }
        }
    }

    private func answer(for registry: ECRRegistry, known: Answer?) throws(AWSError) -> Answer {
        if case .anonymous? = known { return .anonymous }
        do throws(AWSError) {
            let client = try client(registry.region)
            if case .login(let login)? = known, login.expiry - client.serviceTime > 300 { return .login(login) }
            return .login(try ECRAPI(client).login(to: registry))
        } catch {
            guard registry.isPublic, error.kind == .credentials else { throw error }
            return .anonymous
        }
    }
}
