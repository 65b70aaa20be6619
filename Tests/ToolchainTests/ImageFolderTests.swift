import ByteKit
import Glibc
import ImageModel
import JSON
import TestKit
import Testing

@testable import Toolchain

@Suite("An image layout that somebody gave us")
final class ImageFolderTests {
    private let folder: TestFolder
    private var path: String { "\(folder.path)/layout" }
    private let image = TestImage()

    init() throws { folder = try TestFolder() }

    /// Writes a layout of the image's files whose index has this entry.
    private func write(_ entry: JSON, _ more: [[UInt8]] = []) throws {
        let index = JSON.object([("schemaVersion", .integer(2)), ("manifests", .array([entry]))]).text()
        let blobs = image.layers + [image.config, image.manifest] + more
        try TestImage.write(
            blobs.map { ("blobs/sha256/\(Digest(of: $0).hex)", $0) } + [
                ("index.json", index), ("oci-layout", Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8)),
            ], to: path)
    }

    private func blob(_ bytes: [UInt8]) -> String { "\(path)/blobs/sha256/\(Digest(of: bytes).hex)" }

    /// What the layout is refused with; nil when it is not.
    private func refusal() -> String? {
        do {
            try ImageFolder(path).check()
            return nil
        } catch let error as any DiagnosableError {
            return "\(error.diagnostic.code): \(error.diagnostic.message)"
        } catch {
            return "\(error)"
        }
    }

    @Test("is signed with all that indexes of indexes refer to, and a layer that was replaced shows")
    func nestedIndex() throws {
        try write(TestImage.descriptor(.ociIndex, of: image.index), [image.index])
        let keys = try Peer.run(
            "sh",
            [
                "-c",
                #"openssl ecparam -genkey -name prime256v1 -noout -out "$0.pem" && openssl ec -in "$0.pem" -pubout -out "$0.pub""#,
                "\(folder.path)/key",
            ])
        try #require(keys.status == 0, "\(keys.errorText)")
        try Signature.sign(path, with: try SigningKey(file: "\(folder.path)/key.pem"))
        let key = try VerificationKey(file: "\(folder.path)/key.pub")
        try Signature.verify(path, with: key)
        let digests = ([image.index, image.manifest, image.config] + image.layers).map { Digest(of: $0) }
        #expect(try ImageFolder(path).digests() == digests)

        var layer = image.layers[1]
        layer[0] ^= 1
        try OutputFile.write(layer, to: blob(image.layers[1]))
        let error = #expect(throws: ToolError.self) { try Signature.verify(path, with: key) }
        #expect(error?.diagnostic.code == "damaged-layout" && error?.exitCode == .differed)
    }

    @Test("has files as long as what refers to them says")
    func sizes() throws {
        try write(
            .object([
                ("mediaType", .string("\(MediaType.ociManifest)")),
                ("digest", .string("\(Digest(of: image.manifest))")), ("size", .integer(image.manifest.count + 1)),
            ]))
        #expect(refusal()?.contains("\(image.manifest.count) bytes, and what refers to it says") == true)
    }

    @Test("refers to nothing but indexes and manifests, and to no document that could be both")
    func strangeDocuments() throws {
        let both =
            #"{"manifests": [], "config": \#(String(decoding: TestImage.descriptor(.ociConfig, of: image.config).text(), as: UTF8.self)), "layers": []}"#
        for text in ["{}", #"{"layers": []}"#, #"{"config": {}, "layers": {}}"#, #"{"manifests": {}}"#, "[]", both] {
            let bytes = Array(text.utf8)
            try write(TestImage.descriptor(.ociManifest, of: bytes), [bytes])
            #expect(refusal()?.hasPrefix("damaged-layout: ") == true, "\(text)")
        }
        try write(TestImage.descriptor(.ociManifest, of: image.manifest))
        #expect(refusal() == nil)
        try OutputFile.write(image.manifest, to: "\(path)/index.json")
        #expect(refusal()?.contains("is not understood: it is no index") == true)
    }

    @Test("has no index deeper than images have them, and none in itself")
    func depth() throws {
        var indexes = [image.index]
        for depth in 2...4 {
            try write(TestImage.descriptor(.ociIndex, of: indexes[0]), indexes)
            #expect(refusal() == nil, "\(depth)")
            let next = JSON.object([
                ("schemaVersion", .integer(2)),
                ("manifests", .array([TestImage.descriptor(.ociIndex, of: indexes[0])])),
            ])
            indexes.insert(next.text(), at: 0)
        }
        try write(TestImage.descriptor(.ociIndex, of: indexes[0]), indexes)
        #expect(refusal()?.contains("more than 4 deep") == true)

        // What has its own digest in it is not what its name says.
        try write(TestImage.descriptor(.ociIndex, of: image.index), [image.index])
        let own = JSON.array([TestImage.descriptor(.ociIndex, of: image.index)])
        try OutputFile.write(JSON.object([("manifests", own)]).text(), to: blob(image.index))
        #expect(refusal()?.hasPrefix("damaged-layout: ") == true)
    }

    @Test("with more layers than any image has is refused, not looked at in part")
    func manyFiles() throws {
        let layer = TestImage.descriptor(.ociLayer, of: image.layers[0])
        let last = TestImage.descriptor(.ociLayer, of: image.layers[1])
        func manifest(_ count: Int) -> [UInt8] {
            JSON.object([
                ("config", TestImage.descriptor(.ociConfig, of: image.config)),
                ("layers", .array(Array(repeating: layer, count: count - 1) + [last])),
            ]).text()
        }
        let long = manifest(1500)
        try write(TestImage.descriptor(.ociManifest, of: long), [long])
        #expect(refusal() == nil)
        try OutputFile.write(Array("another".utf8), to: blob(image.layers[1]))
        #expect(refusal()?.hasPrefix("damaged-layout: ") == true)
        let longer = manifest(10_000)
        try write(TestImage.descriptor(.ociManifest, of: longer), [longer])
        #expect(refusal()?.contains("more than 10000 files") == true)
    }
}
