internal import AWS
internal import ByteKit
internal import JSON

extension Terraform {
    mutating func addRepository(_ image: Deployment.Image, _ function: String, _ label: String) {
        let variable = labels.lined(label, "repository")
        self.variable(
            variable, ImageNote.repository(image, of: function), initial: Session.repositoryName(function))
        names.repositories[function] = Placeholder.text("var.\(variable)")
    }

    /// What a function is made from. Of an image there are neither runtime, handler nor layers to speak of.
    mutating func code(
        _ deployment: Deployment, _ label: String
    ) throws(PublishError) -> [(name: StaticString, json: JSON)] {
        guard let package = deployment.package else {
            return [
                ("package_type", .string("Image")),
                ("image_uri", .string(try ImagePart.reference(of: deployment, names))),
            ]
        }
        let wanted = deployment.settings(role: "")
        var layers = wanted.layers.map { JSON.string($0) }
        if let layer = deployment.layer { layers.append(addLayer(layer, deployment, label)) }
        return [
            ("runtime", .string(wanted.runtime)), ("handler", .string(wanted.handler)), ("layers", .array(layers)),
        ] + content(package, deployment.name, label)
    }

    /// The ARN of the layer's version.
    private mutating func addLayer(
        _ layer: Deployment.Package, _ deployment: Deployment, _ label: String
    ) -> JSON {
        let arguments: [(name: StaticString, json: JSON)] = [
            ("layer_name", .string(LayerPart.name(deployment.name))),
            ("description", .string(LayerPart.description(layer))),
            ("compatible_architectures", Self.texts([deployment.architecture])),
            ("compatible_runtimes", Self.texts([FunctionSettings().runtime])),
        ]
        let place = resource(
            "aws_lambda_layer_version", label,
            arguments + content(layer, deployment.name, labels.lined(label, "layer")))
        return Self.attribute(place, "arn")
    }

    /// A zip. Large ones go through a bucket; the digest tells of a change either way.
    private mutating func content(
        _ package: Deployment.Package, _ name: String, _ label: String
    ) -> [(name: StaticString, json: JSON)] {
        let digest = (name: "source_code_hash" as StaticString, json: JSON.string(package.codeDigest))
        guard package.size > Self.directUploadLimit else { return [("filename", .string(package.path)), digest] }
        let object = resource(
            "aws_s3_object", label,
            [
                ("bucket", .string(Placeholder.text("var.packages_bucket"))),
                ("key", .string(PackageUpload.key(package, of: name))), ("source", .string(package.path)),
                ("source_hash", .string(package.codeDigest)),
            ])
        return [("s3_bucket", Self.attribute(object, "bucket")), ("s3_key", Self.attribute(object, "key")), digest]
    }
}
