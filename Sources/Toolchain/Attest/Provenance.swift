internal import ByteKit
internal import JSON

/// What a result was made from: SLSA provenance v1 (slsa.dev/spec/v1.0/provenance) in an in-toto statement v1.
///
/// It has no time, host or user in it: the same build has the same provenance, wherever and whenever it runs.
struct Provenance {
    /// A file by name and digest.
    struct Artifact {
        var name: String
        var digest: Digest
    }

    /// The files that were built.
    var subjects: [Artifact]
    var function: String
    /// The recipe's checksum.
    var recipe: Digest
    var target: String
    var platform: String
    /// What `SOURCE_DATE_EPOCH` stood for: the time that is written into results.
    var time: UInt32
    /// The latest time that a file may have; nil for any.
    var latestTime: Int64?
    /// The compression libraries that decide bytes of the result, with their versions.
    var libraries: [(name: String, version: String)]
    /// All that was read: the image's documents and layers, the lock, what the recipe ships, what goes into every package.
    var inputs: [Artifact]
    /// Who vouches for the machine, a URI.
    var builder = Self.ownMachine

    /// docs/provenance.md describes the parameters of this kind of build.
    static let buildType = "urn:scar-build:build:1"
    /// A build that nobody vouches for but whoever ran it.
    static let ownMachine = "urn:scar-build:builder:local"

    var json: JSON {
        let predicate: [(name: StaticString, json: JSON)] = [
            ("buildDefinition", definition), ("runDetails", details),
        ]
        return .object([
            ("_type", .string("https://in-toto.io/Statement/v1")),
            ("subject", .array(subjects.map(Self.descriptor))),
            ("predicateType", .string("https://slsa.dev/provenance/v1")), ("predicate", .object(predicate)),
        ])
    }

    private var definition: JSON {
        let external: [(name: StaticString, json: JSON)] = [
            ("function", .string(function)), ("recipe", .string(recipe.description)), ("target", .string(target)),
            ("platform", .string(platform)), ("sourceDateEpoch", .integer(Int(time))),
            ("latestTime", latestTime.map { .integer(Int($0)) } ?? .null),
        ]
        let own: [(name: StaticString, json: JSON)] = [
            ("layoutVersion", .integer(ToolVersion.layout)),
            ("libraries", .object(named: libraries.map { ($0.name, .string($0.version)) })),
        ]
        return .object([
            ("buildType", .string(Self.buildType)), ("externalParameters", .object(external)),
            ("internalParameters", .object(own)), ("resolvedDependencies", .array(inputs.map(Self.descriptor))),
        ])
    }

    private var details: JSON {
        let version: [(name: String, json: JSON)] = [(ToolVersion.name, .string(ToolVersion.version))]
        let builder: [(name: StaticString, json: JSON)] = [
            ("id", .string(self.builder)), ("version", .object(named: version)),
        ]
        return JSON.object([("builder", .object(builder))])
    }

    private static func descriptor(_ artifact: Artifact) -> JSON {
        let sum: [(name: StaticString, json: JSON)] = [("sha256", .string(artifact.digest.hex))]
        return JSON.object([("name", .string(artifact.name)), ("digest", .object(sum))])
    }
}
