import ByteKit
import ImageModel
import Testing
import TestKit

@Suite struct ImageConfigTests {
    static func decode(_ config: String, more: String = "") throws -> ImageConfig {
        let root = #""rootfs":{"type":"layers","diff_ids":[]}"#
        let text = #"{"architecture":"amd64","os":"linux",\#(root),"config":\#(config)\#(more)}"#
        return try ImageConfig(decoding: Array(text.utf8))
    }

    @Test("What a container is started with is read")
    func usual() throws {
        let config = try Self.decode(
            #"{"Env":["A=1","B=x=y"],"Entrypoint":["ffmpeg"],"Cmd":["--help"],"WorkingDir":"/w/","User":"1000:1000"}"#,
            more: #","history":[{"created_by":"ADD"},{"empty_layer":true}],"variant":"v2""#)
        #expect(config.environment == ["A=1", "B=x=y"])
        #expect(config.entrypoint == ["ffmpeg"])
        #expect(config.command == ["--help"])
        #expect(config.workingDirectory == "/w")
        #expect(config.user == "1000:1000")
        #expect(config.history.map(\.isEmptyLayer) == [false, true])
        #expect(config.platform?.description == "linux/amd64/v2")
        #expect(config.warnings.isEmpty)
    }

    @Test(
        "Null and absent mean the same",
        arguments: ["null", "{}", #"{"Env":null,"Entrypoint":null,"Cmd":null,"WorkingDir":null,"User":null}"#])
    func nulls(config: String) throws {
        let config = try Self.decode(config, more: #","history":null"#)
        #expect(config.entrypoint.isEmpty && config.command.isEmpty && config.environment.isEmpty)
        #expect(config.workingDirectory == "/")
    }

    @Test("A lone string is a list of one, and shell characters stay as they are")
    func loneString() throws {
        #expect(try Self.decode(#"{"Cmd":"a; rm -rf $HOME"}"#).command == ["a; rm -rf $HOME"])
    }

    @Test("Environment entries without a name or value are left out, with a warning each")
    func oddEnvironment() throws {
        let config = try Self.decode(#"{"Env":["A=1","NOVALUE","=x","","B="]}"#)
        #expect(config.environment == ["A=1", "B="])
        #expect(config.warnings.map(\.code) == Array(repeating: "odd-environment", count: 3))
    }

    @Test(
        "A working directory is absolute and climbs nowhere",
        arguments: [("../", "/"), ("a/../../b", "/b"), ("/a//b/./c/", "/a/b/c"), ("data", "/data"), ("", "/")])
    func workingDirectory(written: String, read: String) throws {
        #expect(try Self.decode(#"{"WorkingDir":"\#(written)"}"#).workingDirectory == read)
    }

    @Test(
        "Configs of the wrong shape are refused",
        arguments: [
            #"{"Env":{}}"#, #"{"Env":[1]}"#, #"{"Cmd":7}"#, #"{"Cmd":["a\u0000b"]}"#, #"{"User":[]  ,"User":1}"#,
            #""x""#, #"{"Env":["\ud800"]}"#,
        ])
    func refused(config: String) {
        #expect(throws: DocumentError.self) { try Self.decode(config) }
    }

    @Test(
        "Diff ids are digests",
        arguments: [#"{"diff_ids":["sha512:00"]}"#, #"{"diff_ids":[1]}"#, #"{"diff_ids":"x"}"#, "null", #"[]"#])
    func diffIDs(root: String) {
        #expect(throws: DocumentError.self) { try ImageConfig(decoding: Array(#"{"rootfs":\#(root)}"#.utf8)) }
    }

    @Test("A label of a megabyte is no trouble, and the document's bytes are kept")
    func bigLabel() throws {
        let config = try Self.decode(#"{"Labels":{"a":"\#(String(repeating: "x", count: 1 << 20))"}}"#)
        #expect(config.bytes.count > 1 << 20)
    }

    @Test("Manifest and config of one image must agree on layers and platform")
    func consistency() throws {
        let image = TestImage()
        let config = try ImageConfig(decoding: image.config)
        guard case .manifest(let manifest) = try ImageDocument.decode(image.manifest) else {
            Issue.record("not a manifest")
            return
        }
        func resolve(_ manifest: Manifest, _ platform: String) throws -> ResolvedImage {
            try ResolvedImage(
                reference: "a", platform: Platform(parsing: platform), manifestDigest: Digest(of: image.manifest),
                manifest: manifest, config: config)
        }
        #expect(try resolve(manifest, "linux/amd64").config.diffIDs.count == 2)
        let wrong = #expect(throws: DocumentError.self) { try resolve(manifest, "linux/arm64") }
        #expect(wrong?.code == .wrongPlatform)
        let short = Manifest(config: manifest.config, layers: Array(manifest.layers.dropLast()))
        let inconsistent = #expect(throws: DocumentError.self) { try resolve(short, "linux/amd64") }
        #expect(inconsistent?.code == .inconsistent)
    }
}
