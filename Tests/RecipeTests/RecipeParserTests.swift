import ByteKit
import Recipe
import TestKit
import Testing

@Suite("Recipes")
struct RecipeParserTests {
    @Test("A recipe with two keys has every default")
    func defaults() throws {
        let recipe = try parse(#"{"name": "a", "image": "ubuntu"}"#)
        #expect(recipe.name == "a")
        #expect(recipe.image.description == "docker.io/library/ubuntu:latest")
        #expect("\(recipe.platform)" == "linux/amd64")
        #expect(recipe.launcher == "auto")
        #expect(recipe.script == nil && recipe.command == nil && recipe.files.isEmpty)
        #expect(recipe.prune.profile == .safe && recipe.prune.keep.isEmpty && recipe.prune.drop.isEmpty)
        #expect(recipe.budget.artifact == nil && recipe.budget.unpacked == nil && recipe.budget.package == nil)
        #expect(recipe.artifact.format == nil && recipe.artifact.block == 131_072)
        #expect(recipe.artifact.compression == .zstd(level: 3))
        #expect(recipe.target == .auto && recipe.execution == .lambda)
        #expect(recipe.function.memory == 512 && recipe.function.timeout == 300)
        #expect(recipe.function.timeoutThreshold == 10 && recipe.function.ephemeralStorage == 512)
        #expect(recipe.function.architecture == .x86 && recipe.function.logRetention == 30)
        #expect(recipe.api == nil && recipe.batch == nil && recipe.function.vpc == nil)
    }

    @Test(
        "A compression without a level has its own, and levels are kept",
        arguments: [
            (#""zstd""#, .zstd(level: 3)), (#""gzip""#, .gzip(level: 6)), (#""xz""#, .xz(level: 6)),
            (#""lz4""#, .lz4(level: 9)), (#""none""#, .none), (#""xz", "level": 0"#, .xz(level: 0)),
            (#""xz", "level": 9"#, .xz(level: 9)), (#""lz4", "level": 1"#, .lz4(level: 1)),
            (#""lz4", "level": 12"#, .lz4(level: 12)), (#""zstd", "level": 22"#, .zstd(level: 22)),
        ] as [(String, Recipe.Artifact.Compression)])
    func compressions(text: String, compression: Recipe.Artifact.Compression) throws {
        let recipe = try parse(#"{"name": "a", "image": "b", "artifact": {"compression": \#(text)}}"#)
        #expect(recipe.artifact.compression == compression)
    }

    @Test("The repository's own recipe is taken, and its paths are kept as written and resolved")
    func ownRecipe() throws {
        let path = "recipes/ffmpeg.json"
        let bytes = try InputFile.contents(of: repository(path), limit: 1 << 20)
        let recipe = try #require(try RecipeParser.parse(bytes, path: path).functions.first)
        #expect(recipe.name == "ffmpeg-frames")
        #expect(recipe.launcher == "ffmpeg")
        #expect(recipe.script?.written == "ffmpeg/frames.sh")
        #expect(recipe.script?.resolved == "recipes/ffmpeg/frames.sh")
        #expect(recipe.inputs.first?.path == "videos/in")
        #expect(recipe.outputs.first?.path == "videos/out")
    }

    @Test("A storage of one's own is named by outputs, and its certificates are shipped once")
    func storages() throws {
        let text = """
            {"name": "a", "image": "b", "files": ["certs", "x.txt"], "output": [{"path": "abc", "storage": "minio.lab"}],
             "storages": [{"name": "minio.lab", "endpoint": "https://[::1]:9000/base", "authority": "certs/ca.pem",
                           "accessKey": "LAB_KEY", "secretKey": "LAB_SECRET"},
                          {"name": "second", "endpoint": "https://m.example", "authority": "ca.pem", "pathStyle": false,
                           "accessKey": "S_KEY", "secretKey": "S_SECRET", "sessionToken": "S_TOKEN"}]}
            """
        let recipe = try parse(text)
        #expect(recipe.outputs.first?.storage == "minio.lab")
        #expect(recipe.servers.map(\.name) == ["minio.lab", "second"])
        #expect(recipe.servers.map(\.pathStyle) == [true, false])
        #expect(recipe.servers.map(\.region) == ["us-east-1", "us-east-1"])
        #expect(recipe.servers.last?.sessionToken == "S_TOKEN")
        #expect(recipe.files.map(\.written) == ["certs", "x.txt", "ca.pem"])
    }

    @Test(
        "A path is resolved against the recipe's folder",
        arguments: [
            ("a.json", "./x//y.sh", "x/y.sh", "x/y.sh"), ("/a.json", "x.sh", "x.sh", "/x.sh"),
            ("r/a.json", "x/../y.sh", "y.sh", "r/y.sh"), ("../r/a.json", "s.sh", "s.sh", "../r/s.sh"),
        ])
    func paths(recipe: String, text: String, written: String, resolved: String) throws {
        let script = try parse(#"{"name": "a", "image": "b", "script": "\#(text)"}"#, path: recipe).script
        #expect(script?.written == written)
        #expect(script?.resolved == resolved)
    }

    @Test(
        "An image may be a reference or a local archive",
        arguments: [
            ("jrottenberg/ffmpeg:4.1-ubuntu", "docker.io/jrottenberg/ffmpeg:4.1-ubuntu"), ("oci:out", "oci:out"),
            ("oci:out:v1", "oci:out:v1"), ("oci:/a:b/out", "oci:/a:b/out"),
            ("docker-archive:a.tar", "docker-archive:a.tar"),
            ("tar:/tmp/root.tar", "tar:/tmp/root.tar"),
        ])
    func images(text: String, canonical: String) throws {
        #expect(try parse(#"{"name": "a", "image": "\#(text)"}"#).image.description == canonical)
    }

    @Test("Architecture and platform follow each other")
    func architecture() throws {
        let byArchitecture = try parse(#"{"name": "a", "image": "b", "function": {"architecture": "arm64"}}"#)
        let byPlatform = try parse(#"{"name": "a", "image": "b", "platform": "linux/arm64"}"#)
        #expect("\(byArchitecture.platform)" == "linux/arm64")
        #expect(byPlatform.function.architecture == .arm64)
    }

    @Test("A file may hold several functions")
    func several() throws {
        let file = try RecipeParser.parse(
            [UInt8](
                """
                {"functions": [
                  {"name": "a", "image": "x"},
                  {"name": "b", "image": "y",
                   "budget": {"artifact": "10MB"}}
                ]}
                """.utf8), path: "r.json")
        #expect(file.functions.map(\.name) == ["a", "b"])
    }

    @Test(
        "Sizes are bytes, whatever their unit",
        arguments: [
            ("4096", 4096), ("4096B", 4096), ("128KiB", 131_072), ("1MiB", 1 << 20), ("2GiB", 2 << 30), ("1KB", 1000),
            ("100MB", 100_000_000), ("3GB", 3_000_000_000),
        ])
    func sizes(text: String, bytes: Int) {
        #expect(ByteSize.parse(text) == bytes)
    }

    @Test(
        "What is no size is refused",
        arguments: [
            "", "KiB", "-1", "+1", "1.5MB", "1 KB", "1kb", "1K", "0x10", "9223372036854775807KB", "٣MB", "1KBKB",
        ])
    func notSizes(text: String) {
        #expect(ByteSize.parse(text) == nil)
    }

    @Test("The checksum is the same for two recipes that say the same, and another for any that does not")
    func checksum() throws {
        let short = #"{"name": "a", "image": "b", "environment": {"A": "1", "B": "2"}}"#
        let long = """
            {"$schema": "x", "environment": {"B": "2", "A": "1"},
             "target": "auto", "prune": {"profile": "safe"}, "image": "b", "name": "a"}
            """
        #expect(try parse(short).checksum == parse(long).checksum)
        let bytes = #"{"name": "a", "image": "b", "artifact": {"block": 131072}}"#
        let unit = #"{"name": "a", "image": "b", "artifact": {"block": "128KiB"}}"#
        #expect(try parse(bytes).checksum == parse(unit).checksum)
        #expect(try parse(short).checksum != parse(unit).checksum)
    }

    @Test("No bytes make the parser trap")
    func mutations() throws {
        let original = try InputFile.contents(of: repository("recipes/ffmpeg.json"), limit: 1 << 20)
        var random = SeededNumbers(seed: 7)
        var refused = 0
        for _ in 0..<2000 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                bytes[place] = UInt8.random(in: 0...255, using: &random)
            }
            if Bool.random(using: &random) { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random)) }
            do { _ = try RecipeParser.parse(bytes, path: "r.json") } catch { refused += 1 }
        }
        #expect(refused > 1000)
    }
}
