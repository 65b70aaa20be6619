internal import AWS

/// The layer with the image's files. A layer has no tags: its name and its description say whose it is and what is in it.
struct LayerPart: Part {
    var options: FunctionPublisher.Options

    /// What says in the session which version it is.
    private static let fact = "layer"
    /// What stands for the version while it is not made yet.
    private static let pending = "(the layer's new version)"

    static func name(_ function: String) -> String { "scar-build-\(function)" }

    private static let mark = "scar-build "

    /// What says which content a version has.
    static func description(_ layer: Deployment.Package) -> String { mark + "\(layer.digest)" }

    func changes(for deployment: Deployment, after before: [Change], _ session: Session) throws -> [Change] {
        guard let layer = deployment.layer else { return [] }
        if try Self.find(layer, of: deployment.name, session) { return [] }
        let (name, limit) = (Self.name(deployment.name), options.directUploadLimit)
        return [
            Change(.create, "layer", name, [.init("content", to: layer.text)]) { session in
                // A run whose answer was lost has made it.
                if try Self.find(layer, of: deployment.name, session) { return }
                try PackageUpload.withCode(layer, of: deployment, session, limit: limit) { code in
                    let arn = try session.lambda.publishLayer(
                        name, description: Self.description(layer), code, architecture: deployment.architecture,
                        runtime: FunctionSettings().runtime)
                    session.note(Self.fact, arn)
                }
            }
        ]
    }

    /// Looks for the version that has this content, and notes which it is.
    private static func find(_ layer: Deployment.Package, of function: String, _ session: Session) throws -> Bool {
        let name = name(function)
        for version in try session.lambda.layerVersions(name) where version.description == description(layer) {
            guard try session.lambda.layerDigest(name, version: version.number) == layer.codeDigest else { continue }
            session.note(fact, version.arn)
            return true
        }
        return false
    }

    /// The layer's version, or what stands for it.
    static func arn(_ session: Session) -> String { session.fact(fact) ?? pending }

    /// Settings with the version in them, once it is made.
    static func completing(_ settings: FunctionSettings, _ session: Session) -> FunctionSettings {
        var settings = settings
        settings.layers = settings.layers.map { $0 == pending ? arn(session) : $0 }
        return settings
    }

    /// Versions of the layer that no function is made with any more: Lambda keeps what a function's versions have of
    /// them, so all but the last can go.
    static func leftovers(
        _ function: String, besides wanted: Deployment.Package?, _ session: Session
    ) throws -> [Change] {
        let name = name(function)
        return try session.lambda.layerVersions(name).filter { version in
            version.description.hasPrefix(mark) && wanted.map { version.description != description($0) } ?? true
        }.map { version in
            Change(.remove, "layer", "\(name):\(version.number)") {
                try $0.lambda.deleteLayer(name, version: version.number)
            }
        }
    }
}

/// Versions of the layer that are not used any more.
struct LayerCleaningPart: Part {
    func changes(for deployment: Deployment, after before: [Change], _ session: Session) throws -> [Change] {
        try LayerPart.leftovers(deployment.name, besides: deployment.layer, session)
    }
}
