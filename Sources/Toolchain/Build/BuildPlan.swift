package import ByteKit
package import ImageModel
package import JSON
internal import LayerFS
package import Recipe

/// What a build of one function will do: a value that can be printed, compared and tested without doing any of it.
package struct BuildPlan: Sendable {
    package var function: String
    package var image: ResolvedImage
    package var target: Recipe.Target
    package var steps: [Step]

    package enum Step: Sendable, Equatable {
        /// Fetch a layer and compile it on the way. `isFetched`: its bytes are on this machine already.
        case compile(layer: Digest, size: Int, isFetched: Bool)
        /// The layer's object is in the cache.
        case reuse(layer: Digest)
        case link(layers: Int, profile: String, isRelocated: Bool)
        case write(format: String, compression: String)
        /// In the first of these forms that fits.
        case package(form: String, firstOf: [PackageForm])
    }

    /// The plan as text, one step a line.
    package var description: String {
        var lines = ["\(function): \(image.reference) for \(image.platform), manifest \(image.manifestDigest)"]
        for step in steps { lines.append("  " + Self.line(step)) }
        return lines.joined(separator: "\n")
    }

    private static func line(_ step: Step) -> String {
        switch step {
        case .compile(let layer, let size, let isFetched):
            "\(isFetched ? "compile        " : "pull + compile ") \(layer)  \(ByteCount.text(size))"
        case .reuse(let layer): "reuse           \(layer)  (compiled before)"
        case .link(let layers, let profile, let isRelocated):
            "link            \(layers) layers, prune \(profile)\(isRelocated ? ", relocate" : "")"
        case .write(let format, let compression): "write           \(format), \(compression)"
        case .package(let form, let forms):
            "package         \(form), \(forms.count > 1 ? "the first that fits: " : "")"
                + forms.map(\.title).joined(separator: ", ")
        }
    }

    /// The plan for machines.
    package var json: JSON {
        .object([
            ("function", .string(function)), ("image", .string(image.reference.description)),
            ("manifest", .string(image.manifestDigest.description)), ("platform", .string("\(image.platform)")),
            ("target", .string(target.rawValue)), ("steps", .array(steps.map(Self.json))),
        ])
    }

    private static func json(_ step: Step) -> JSON {
        switch step {
        case .compile(let layer, let size, let isFetched):
            .object([
                ("step", .string("compile")), ("layer", .string(layer.description)), ("size", .integer(size)),
                ("isFetched", .bool(isFetched)),
            ])
        case .reuse(let layer): .object([("step", .string("reuse")), ("layer", .string(layer.description))])
        case .link(let layers, let profile, let isRelocated):
            .object([
                ("step", .string("link")), ("layers", .integer(layers)), ("profile", .string(profile)),
                ("relocate", .bool(isRelocated)),
            ])
        case .write(let format, let compression):
            .object([("step", .string("write")), ("format", .string(format)), ("compression", .string(compression))])
        case .package(let form, let forms):
            .object([
                ("step", .string("package")), ("form", .string(form)),
                ("firstOf", .array(forms.map { .string($0.rawValue) })),
            ])
        }
    }
}
