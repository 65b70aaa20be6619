import ByteKit
import ImageModel
import JSON
import LayerFS
import Report
import TestKit
import Testing

/// Surveys of images that tests make up.
enum InspectionFixture {
    /// Lists layers as they would come from a registry, and works out what they come to.
    static func inspect(
        _ layers: [TarItem]..., history: [(createdBy: String, isEmpty: Bool)] = [], environment: [String] = [],
        prune: [PruneRule] = PruneRule.safe, sums: ContentSum.Kind = .mark
    ) throws -> Inspection {
        try inspect(archives: layers.map { TarBuilder.archive($0) }, history, environment, prune, sums)
    }

    static func inspect(
        archives: [[UInt8]], _ history: [(createdBy: String, isEmpty: Bool)] = [], _ environment: [String] = [],
        _ prune: [PruneRule] = PruneRule.safe, _ sums: ContentSum.Kind = .mark
    ) throws -> Inspection {
        var survey = Survey(
            name: "test", kind: .image, digest: nil, platform: "linux/amd64",
            size: archives.reduce(0) { $0 + $1.count }, layers: try archives.map { try layer($0, sums) },
            config: try config(history, environment))
        survey.prunings = [Survey.Pruning("safe", prune)]
        return try Inspection(survey)
    }

    static func layer(_ bytes: [UInt8], _ sums: ContentSum.Kind = .mark) throws -> Survey.Layer {
        let source = LayerSource()
        let sender = try Thread {
            for start in stride(from: 0, to: bytes.count, by: 1 << 16) {
                let piece = Array(bytes[start..<min(bytes.count, start + 1 << 16)])
                guard unsafe piece.withUnsafeBytes({ unsafe source.send($0) }) else { return }
            }
            source.finish()
        }
        defer { sender.join() }
        var observer = LayerObserver()
        let digest = Digest(of: bytes)
        let listing = try LayerLister(sizeLimit: 1 << 30, sums: sums).list(source, layer: digest, &observer)
        return Survey.Layer(listing, observer, mediaType: MediaType.ociLayer.description, size: bytes.count)
    }

    private static func config(
        _ history: [(createdBy: String, isEmpty: Bool)], _ environment: [String]
    ) throws -> ImageConfig {
        let steps = history.map { step in
            JSON.object([("created_by", .string(step.createdBy)), ("empty_layer", .bool(step.isEmpty))])
        }
        let document = JSON.object([
            ("architecture", .string("amd64")), ("os", .string("linux")),
            ("config", .object([("Env", .array(environment.map { .string($0) }))])), ("history", .array(steps)),
            ("rootfs", .object([("type", .string("layers")), ("diff_ids", .array([]))])),
        ])
        return try ImageConfig(decoding: document.text())
    }

    static func text(_ inspection: Inspection, width: Int = 80) -> String {
        InspectionText(inspection, width: width).text()
    }

    static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
