import ByteKit
import Glibc
import TestKit
import Testing

@Suite("A build whose result is there", .enabled(if: Peer.isInstalled("docker-registry"), "needs docker-registry"))
struct StampTests: ~Copyable {
    private let scene: CrashScene
    private var output: String { scene.path("out") }
    private var cache: String { scene.path("cache") }
    private var artifact: String { "\(output)/plain.squashfs" }

    init() throws { scene = try CrashScene() }

    /// Builds; says whether it found that nothing was to be done.
    private func isKept(_ more: [String] = [], variables: [(name: String, value: String)] = []) throws -> Bool {
        let result = try Tool.run(scene.arguments(output: output, cache: cache) + more, variables: variables)
        #expect(result.status == 0, "\(result.errorText)")
        return result.errorText.contains("built from the same before")
    }

    private func rewrite(_ path: String, _ change: (inout [UInt8]) -> Void) throws {
        var bytes = try InputFile.contents(of: path, limit: 1 << 24)
        change(&bytes)
        try OutputFile.write(bytes, to: path)
    }

    @Test("from the same ends at once, reads no layer, and says the same")
    func unchanged() throws {
        let first = try Tool.run(scene.arguments(output: output, cache: cache) + ["--json"])
        #expect(first.status == 0)
        let before = FileIdentity(artifact)
        // What is not there cannot be read.
        Folder.remove("\(cache)/objects")
        for layer in scene.image.layers { unsafe unlink("\(cache)/blobs/sha256/\(Digest(of: layer).hex)") }
        let second = try Tool.run(scene.arguments(output: output, cache: cache) + ["--json"])
        #expect(second.status == 0)
        #expect(second.text == first.text)
        #expect(second.errorText.contains("built from the same before"))
        #expect(FileIdentity(artifact) == before)
    }

    @Test("is warned of each time when a variable in it looks like a secret, which is not shown")
    func secrets() throws {
        try OutputFile.write(TarBuilder.archive([.file("etc/one", "1")]), to: scene.path("root.tar"))
        let recipe = try Tool.recipe(
            #"{"name": "plain", "image": "tar:root.tar", "environment": {"DB_PASSWORD": "hunter2", "MAX_TOKENS": "4096", "TOKENIZERS_PARALLELISM": "false"}}"#,
            in: scene.path("."))
        for _ in 0..<2 {
            let built = try Tool.run(["build", recipe, "--target", "tar", "-o", output, "--cache", cache])
            #expect(built.status == 0, "\(built.errorText)")
            #expect(built.errorText.contains("‘DB_PASSWORD’ in ‘environment’ looks like a secret"))
            #expect(!built.errorText.contains("TOKEN") && !built.errorText.contains("hunter2"))
        }
    }

    @Test("is made again when the result was touched, and is then as it was")
    func touched() throws {
        #expect(try !isKept())
        #expect(try isKept())
        try rewrite(artifact) { $0[$0.count / 2] ^= 1 }
        #expect(try !isKept())
        #expect(try InputFile.contents(of: artifact, limit: 1 << 28) == scene.expected)
        #expect(try isKept())
        #expect(unsafe unlink(artifact) == 0)
        #expect(try !isKept())
        #expect(try InputFile.contents(of: artifact, limit: 1 << 28) == scene.expected)
        #expect(unsafe unlink("\(output)/report.json") == 0)
        #expect(try !isKept())
    }

    @Test("is made again when recipe, settings or time are others")
    func otherInputs() throws {
        #expect(try !isKept())
        #expect(try isKept())
        #expect(try !isKept(variables: [("SOURCE_DATE_EPOCH", "1000000000")]))
        #expect(try isKept(variables: [("SOURCE_DATE_EPOCH", "1000000000")]))
        #expect(try !isKept())
        try rewrite(scene.recipe) {
            $0 = Array(text($0).replacing(#""none"}"#, with: #""none", "drop": ["top"]}"#).utf8)
        }
        #expect(try !isKept())
        #expect(try isKept())
        #expect(try !isKept(["--target", "tar"]))
    }

    @Test("is made again when its stamp is damaged, forged or another's")
    func strangeStamps() throws {
        #expect(try !isKept())
        let stamp = "\(output)/.plain.stamp"
        for text in ["", "{}", "null", #"{"key": "sha256:00", "files": [], "warnings": []}"#, "\u{0}"] {
            try rewrite(stamp) { $0 = Array(text.utf8) }
            #expect(try !isKept(), "\(text)")
        }
        // The right key and no files: there is nothing to hand over.
        try rewrite(stamp) { bytes in
            let text = text(bytes)
            if let files = text.firstRange(of: #""files":["#), let end = text.firstRange(of: #"],"warnings""#) {
                bytes = Array((text[..<files.upperBound] + text[end.lowerBound...]).utf8)
            }
        }
        #expect(try !isKept())
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
