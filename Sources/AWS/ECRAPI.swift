internal import ByteKit
internal import JSON
internal import Transport

/// A registry of AWS's: one account's in a region, or the public one.
package struct ECRRegistry: Sendable, Hashable {
    /// The region whose service gives out the login.
    package let region: String
    package let isPublic: Bool

    /// Takes a registry's host; nil when it is not one of AWS's. The whole host counts: a login is sent to it.
    ///
    /// Amazon ECR, "Private registry", and for those of `on.aws` "Making requests to Amazon ECR over IPv6".
    package init?(host: String) {
        if host == "public.ecr.aws" {
            region = "us-east-1"
            isPublic = true
            return
        }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard let account = parts.first, account.utf8.count == 12, account.utf8.allSatisfy({ 0x30...0x39 ~= $0 })
        else { return nil }
        let name: String
        let domain: ArraySlice<String>
        switch parts.dropFirst().first {
        case "dkr" where parts.count > 4 && (parts[2] == "ecr" || parts[2] == "ecr-fips"):
            (name, domain) = (parts[3], parts[4...])
        case "dkr-ecr" where parts.count > 3, "dkr-ecr-fips" where parts.count > 3:
            (name, domain) = (parts[2], parts[3...])
        default: return nil
        }
        guard let region = Region(name) else { return nil }
        let dualStack = region.partitionName == "aws-cn" ? "on.amazonwebservices.com.cn" : "on.aws"
        guard domain.joined(separator: ".") == (parts[1] == "dkr" ? region.domain : dualStack) else { return nil }
        self.region = region.name
        isPublic = false
    }
}

/// ECR, as far as logging in goes. Amazon ECR API reference, "GetAuthorizationToken", here and of ECR Public.
package struct ECRAPI: Sendable {
    package let client: AWSClient

    package init(_ client: AWSClient) { self.client = client }

    package struct Login: Sendable {
        package var user: String
        package var password: Secret
        /// Seconds since 1970.
        package var expiry: Int
    }

    /// A login for every registry that the credentials may use.
    package func login(to registry: ECRRegistry) throws(AWSError) -> Login {
        let request =
            registry.isPublic
            ? AWSRequest(.ecrPublic, target: "SpencerFrontendService", "GetAuthorizationToken", json: .object([]))
            : AWSRequest(
                .ecr, target: "AmazonEC2ContainerRegistry_V20150921", "GetAuthorizationToken", json: .object([]))
        let json = try client.json(request)["authorizationData"]
        let data = json?.array?.first ?? json
        guard let text = data?["authorizationToken"]?.utf8, let token = Base64.decode(text),
            let colon = token.firstIndex(of: UInt8(ascii: ":")), colon > 0, colon + 1 < token.count
        else { throw AWSError(.answer, "ECR gave no usable login") }
        return Login(
            user: String(decoding: token[..<colon], as: UTF8.self),
            password: Secret(String(decoding: token[(colon + 1)...], as: UTF8.self)),
            // A login lives for twelve hours; one whose end cannot be read is not kept.
            expiry: data?["expiresAt"].flatMap(Self.seconds) ?? 0)
    }

    /// Seconds with a fraction, as this protocol writes times.
    private static func seconds(_ json: JSON) -> Int? {
        Double(String(decoding: json.text(), as: UTF8.self)).flatMap { Int(exactly: $0.rounded(.down)) }
            // To the end of the year 9999.
            .flatMap { (0...253_402_300_799).contains($0) ? $0 : nil }
    }
}
