import ByteKit
import Glibc
import JSON
import TestKit
import Testing

/// A recipe with a script, for an image on a registry of its own, and its lock.
final class VerifyScene {
    private let registry: RegistryProcess
    let folder: TestFolder
    let recipe: String
    /// The registry's host and port.
    var host: String { String(registry.origin.dropFirst("http://".count)) }

    static let isPossible = ["docker-registry", "python3"].allSatisfy(Peer.isInstalled)
    static let needs: Comment = "needs docker-registry and python3"

    init(_ more: String = "") throws {
        folder = try TestFolder()
        registry = try RegistryProcess()
        try registry.push(Self.image("one"), repository: "verify/test", tag: "latest")
        let host = registry.origin.dropFirst("http://".count)
        recipe = "\(folder.path)/thumbnails.json"
        try OutputFile.write(Array("#!/bin/sh\necho one\n".utf8), to: path("script.sh"))
        try OutputFile.write(
            Array(
                #"{"name": "thumbnails", "image": "\#(host)/verify/test:latest", "script": "script.sh", "launcher": "generic", "prune": {"profile": "none"}\#(more)}"#
                    .utf8), to: recipe)
        let locked = try Tool.run(["lock", recipe, "--cache", path("cache")])
        try #require(locked.status == 0, "\(locked.errorText)")
    }

    /// An image whose one file of several blocks has this word in it.
    static func image(_ word: String) -> TestImage {
        var numbers = SeededNumbers(seed: 8)
        var data = numbers.bytes(300_000)
        data.replaceSubrange(200_000..<200_000 + word.utf8.count, with: Array(word.utf8))
        return TestImage(layers: [
            TarBuilder.archive([
                TarItem.file("bin/sh", "stands for a shell").with { $0.mode = 0o755 }, .file("data/noise", data),
                .file("data/word", word),
                .file("var/lib/dpkg/status", "Package: tool\nVersion: 1.0\nArchitecture: all\n"),
            ])
        ])
    }

    func push(_ image: TestImage) throws { try registry.push(image, repository: "verify/test", tag: "latest") }

    func path(_ name: String) -> String { "\(folder.path)/\(name)" }

    /// Builds, and gives the path of what was built.
    @discardableResult
    func build(
        _ more: [String] = [], to output: String = "out", variables: [(name: String, value: String)] = []
    ) throws -> String {
        let result = try Tool.run(
            ["build", recipe, "-o", path(output), "--cache", path("cache")] + more, variables: variables)
        try #require(result.status == 0, "\(result.errorText)")
        return String(result.text.split(separator: "\n").first ?? "")
    }

    func verify(
        _ package: String, _ more: [String] = [], variables: [(name: String, value: String)] = []
    ) throws -> Peer.Result {
        try Tool.run(["verify", package, recipe] + more, variables: variables)
    }

    /// What `verify --json` says.
    func explain(
        _ package: String, _ more: [String] = [], variables: [(name: String, value: String)] = []
    ) throws -> Explanation {
        let result = try verify(package, more + ["--json"], variables: variables)
        #expect(result.status == 4, "\(result.text)\(result.errorText)")
        return Explanation(json: try JSON.parse(result.output))
    }

    struct Explanation {
        let json: JSON
        var causes: String { (json["causes"]?.array ?? []).compactMap(\.string).joined(separator: "\n") }
        var parts: [JSON] { json["difference"]?["parts"]?.array ?? [] }

        func part(_ name: String) -> JSON? { parts.first { $0["name"]?.string == name } }
    }

    func change(_ path: String, _ change: (inout [UInt8]) -> Void) throws {
        var bytes = try InputFile.contents(of: path, limit: 1 << 26)
        change(&bytes)
        try OutputFile.write(bytes, to: path)
    }

    /// The digest of the image's manifest, as the lock has it.
    var lockedManifest: String {
        get throws { try json(path("thumbnails.lock.json"))["functions"]?[0]?["manifest"]?.string ?? "none" }
    }

    func json(_ path: String) throws -> JSON { try JSON.parse(try InputFile.contents(of: path, limit: 1 << 24)) }
}
