internal import JSON
internal import Transport

/// Layers of functions. Lambda API reference, 2018-10-31.
extension LambdaAPI {
    package struct LayerVersion: Sendable, Equatable {
        package var arn: String
        package var number: Int
        package var description: String
    }

    private func layerPath(_ name: String, _ rest: String = "") -> String {
        "/2018-10-31/layers/\(URL.encode(name))/versions\(rest)"
    }

    /// The versions of a layer, the newest first; none when there is no such layer.
    package func layerVersions(_ name: String) throws(AWSError) -> [LayerVersion] {
        do throws(AWSError) {
            return try pages("ListLayerVersions", layerPath(name), "LayerVersions").map {
                LayerVersion(
                    arn: $0["LayerVersionArn"]?.string ?? "", number: $0["Version"]?.integer ?? 0,
                    description: $0["Description"]?.string ?? "")
            }.sorted { $0.number > $1.number }
        } catch {
            guard error.isNotFound else { throw error }
            return []
        }
    }

    /// The SHA-256 of a layer version's zip in base 64; nil when there is no such version.
    package func layerDigest(_ name: String, version: Int) throws(AWSError) -> String? {
        try optional(AWSRequest(.lambda, "GetLayerVersion", .get, layerPath(name, "/\(version)")))?["Content"]?[
            "CodeSha256"]?.string
    }

    /// Makes a version of a layer; gives its ARN.
    package func publishLayer(
        _ name: String, description: String, _ code: Code, architecture: String, runtime: String
    ) throws(AWSError) -> String {
        let members: [(name: StaticString, json: JSON)] = [
            ("Description", .string(description)), ("Content", .object(code.members)),
            ("CompatibleRuntimes", .array([.string(runtime)])),
            ("CompatibleArchitectures", .array([.string(architecture)])),
        ]
        var request = AWSRequest(
            .lambda, "PublishLayerVersion", .post, layerPath(name), json: .object(members))
        // Each of these makes another version.
        request.isRepeatable = false
        guard let arn = try client.json(request)["LayerVersionArn"]?.string else {
            throw AWSError(.answer, "Lambda did not say which version of the layer \(name) it made")
        }
        return arn
    }

    package func deleteLayer(_ name: String, version: Int) throws(AWSError) {
        try unlessGone(AWSRequest(.lambda, "DeleteLayerVersion", .delete, layerPath(name, "/\(version)")))
    }
}
