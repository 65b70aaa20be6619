internal import AWS
internal import ByteKit
internal import JSON

extension CloudFormation {
    /// What a function is made from.
    struct Code {
        /// The properties that say so.
        var properties: [(name: StaticString, json: JSON)]
        /// What is another whenever the content is.
        var state: String
        /// The label of the layer's version.
        var layer: String?
    }

    mutating func code(_ deployment: Deployment, _ title: String) throws(PublishError) -> Code {
        guard let package = deployment.package else {
            let image = try ImagePart.reference(of: deployment, names)
            let uri: (name: StaticString, json: JSON) =
                isServerless
                ? ("ImageUri", .string(image)) : ("Code", .object([("ImageUri", .string(image))]))
            return Code(
                properties: [("PackageType", .string("Image")), uri], state: deployment.image?.digest.hex ?? "")
        }
        let place: (name: StaticString, json: JSON) =
            isServerless
            ? ("CodeUri", .string(package.path))
            : ("Code", .object(object(package, of: deployment.name, labels.joined(title, "PackageKey"))))
        var code = Code(properties: [place], state: isServerless ? package.digest.hex : package.codeDigest)
        guard let layer = deployment.layer else { return code }
        code.layer = addLayer(layer, deployment, title)
        // The layer's version has the same name in the template whatever is in it.
        code.state += layer.codeDigest
        return code
    }

    /// Where a zip is that was uploaded beforehand: under its own digest, so that another one is not taken.
    private mutating func object(
        _ package: Deployment.Package, of function: String, _ label: String
    ) -> [(name: StaticString, json: JSON)] {
        parameter(
            label, "Where the package is in that bucket: \(package.path), SHA-256 \(package.digest.hex)",
            initial: PackageUpload.key(package, of: function))
        return [("S3Bucket", Self.reference("PackagesBucket")), ("S3Key", Self.reference(label))]
    }

    /// A version never changes, so another content makes another one. The one before goes: Lambda keeps what a function's
    /// versions have of it.
    private mutating func addLayer(
        _ layer: Deployment.Package, _ deployment: Deployment, _ title: String
    ) -> String {
        let label = labels.joined(title, "Layer")
        let content: (name: StaticString, json: JSON) =
            isServerless
            ? ("ContentUri", .string(layer.path))
            : ("Content", .object(object(layer, of: deployment.name, labels.joined(title, "LayerKey"))))
        var properties: [(name: StaticString, json: JSON)] = [
            ("LayerName", .string(LayerPart.name(deployment.name))),
            ("Description", .string(LayerPart.description(layer))), content,
            ("CompatibleArchitectures", Self.texts([deployment.architecture])),
            ("CompatibleRuntimes", Self.texts([FunctionSettings().runtime])),
        ]
        if isServerless { properties.append(("RetentionPolicy", .string("Delete"))) }
        resource(label, isServerless ? "AWS::Serverless::LayerVersion" : "AWS::Lambda::LayerVersion", properties)
        return label
    }
}
