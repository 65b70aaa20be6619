import ByteKit
import Recipe
import TestKit
import Testing

@Suite("Lock files")
struct LockfileTests {
    private static let digest = Digest(of: [1])

    private static func lock(image: String = "docker.io/library/b:latest", platform: String = "linux/amd64") -> Lockfile
    {
        Lockfile(
            layoutVersion: 1,
            libraries: [
                Lockfile.Library(name: "lzma", version: "5.4.1"), Lockfile.Library(name: "zstd", version: "1.5.4"),
            ],
            recipeChecksum: digest,
            functions: [
                Lockfile.Function(
                    name: "a", image: image, platform: platform, manifest: Digest(of: [2]), config: Digest(of: [3]),
                    layers: [
                        Lockfile.Layer(
                            digest: Digest(of: [4]), size: 29_541_883,
                            mediaType: "application/vnd.docker.image.rootfs.diff.tar.gzip"),
                        Lockfile.Layer(
                            digest: Digest(of: [5]), size: 0, mediaType: "application/vnd.oci.image.layer.v1.tar"),
                    ])
            ])
    }

    @Test("A lock is read back as it was written, and written again as the same bytes")
    func roundTrip() throws {
        let lock = Self.lock()
        let read = try Lockfile.parse(lock.text(), path: "r.lock.json")
        #expect(read == lock)
        #expect(read.text() == lock.text())
    }

    @Test("A lock that does not say which libraries there were is read all the same")
    func withoutLibraries() throws {
        var lock = Self.lock()
        lock.libraries = []
        #expect(!String(decoding: lock.text(), as: UTF8.self).contains("libraries"))
        #expect(try Lockfile.parse(lock.text(), path: "r.lock.json") == lock)
    }

    @Test("A lock with all that the tests of a large function opened is read back")
    func largeTrace() throws {
        var lock = Self.lock()
        let opened = (0..<210_000).map { [UInt8]("usr/lib/python3/dist-packages/f\($0)".utf8) }
        lock.functions[0].trace = [Recipe.Trace(test: "one", opened: opened)]
        #expect(try Lockfile.parse(lock.text(), path: "r.lock.json") == lock)
    }

    @Test("What tests opened is read back as it was written, bytes that are no text included")
    func trace() throws {
        var lock = Self.lock()
        lock.functions[0].trace = [
            Recipe.Trace(
                test: "one “test”",
                opened: [[UInt8]("usr/lib/ruby/csv.rb".utf8), [UInt8]("opt/ä%\n".utf8), [0x61, 0xff, 0x2f, 0x01]]),
            Recipe.Trace(test: "two", opened: []),
        ]
        let read = try Lockfile.parse(lock.text(), path: "r.lock.json")
        #expect(read == lock)
        #expect(read.text() == lock.text())
        let text = String(decoding: lock.text(), as: UTF8.self)
        #expect(text.contains("\"opt/%C3%A4%25%0A\"") && text.contains("\"a%FF/%01\""))
    }

    @Test("A lock with a path that is malformed is refused, for it would keep other files than it says")
    func malformedTrace() throws {
        var lock = Self.lock()
        lock.functions[0].trace = [Recipe.Trace(test: "one", opened: [[0x61, 0xff]])]
        let text = String(decoding: lock.text(), as: UTF8.self)
        let range = try #require(text.range(ofFirst: "a%FF"))
        let changed = [UInt8](text.replacingCharacters(in: range, with: "a%FG").utf8)
        let error = #expect(throws: RecipeError.self) { try Lockfile.parse(changed, path: "r.lock.json") }
        #expect(error?.code == .malformedValue && error?.diagnostic.location?.hasPrefix("r.lock.json:") == true)
    }

    @Test("A lock's text is as documented")
    func text() throws {
        let golden = repository("Tests/Golden/recipe-lock.json")
        #expect(try Golden.matches(Self.lock().text(), golden))
    }

    @Test(
        "The lock stands beside its recipe",
        arguments: [
            ("recipes/ffmpeg.json", "recipes/ffmpeg.lock.json"), ("a.yaml", "a.yaml.lock.json"),
            (".json", ".lock.json"),
        ])
    func path(recipe: String, lock: String) {
        #expect(Lockfile.path(forRecipe: recipe) == lock)
    }

    @Test("A lock fits its recipe, even when other settings have changed")
    func fits() throws {
        let recipe = try parse(#"{"name": "a", "image": "b", "function": {"memory": 1024}}"#)
        #expect(try Self.lock().function(for: recipe, lockPath: "r.lock.json").manifest == Digest(of: [2]))
    }

    @Test(
        "A lock is stale when the image, the platform or the name has changed",
        arguments: [
            (
                #"{"name": "a", "image": "c"}"#,
                "the lock of ‘a’ is for the image ‘docker.io/library/b:latest’, but the recipe now has ‘docker.io/library/c:latest’"
            ),
            (
                #"{"name": "a", "image": "b", "platform": "linux/arm64"}"#,
                "the lock of ‘a’ is for linux/amd64, but the recipe is now for linux/arm64"
            ), (#"{"name": "z", "image": "b"}"#, "the lock does not have the function ‘z’"),
        ])
    func stale(text: String, message: String) throws {
        let recipe = try parse(text)
        let error = #expect(throws: RecipeError.self) {
            try Self.lock().function(for: recipe, lockPath: "r.lock.json")
        }
        #expect(error?.code == .staleLock)
        #expect(error?.diagnostic.location == "r.lock.json")
        #expect(error?.message == message)
        #expect(error?.hint == "run ‘scar-build lock’ to bring the lock up to date")
    }

    @Test(
        "A wrong lock is refused",
        arguments: [
            ("\"lockVersion\": 1", "\"lockVersion\": 2", RecipeError.Code.unsupportedLock),
            ("\"lockVersion\": 1", "\"lockVersion\": \"1\"", .unsupportedLock),
            ("\"lockVersion\": 1,", "", .missingKey), ("\"platform\"", "\"platforms\"", .unknownKey),
            ("\"1.5.4\"", "\"1.5.4 beta\"", .malformedValue), ("\"1.5.4\"", "15", .wrongType),
            ("sha256:", "sha512:", .malformedValue), ("29541883", "-1", .outOfRange),
            ("29541883", "\"29541883\"", .wrongType), ("\"size\": 0", "\"size\": 0, \"size\": 0", .duplicateKey),
            ("\"functions\": [", "\"functions\": 3, \"x\": [", .unknownKey), ("]", "", .syntax),
        ])
    func wrong(part: String, replacement: String, code: RecipeError.Code) throws {
        let text = String(decoding: Self.lock().text(), as: UTF8.self)
        let range = try #require(text.range(ofFirst: part))
        let changed = text.replacingCharacters(in: range, with: replacement)
        let error = #expect(throws: RecipeError.self) { try Lockfile.parse([UInt8](changed.utf8), path: "r.lock.json") }
        #expect(error?.code == code)
        #expect(error?.diagnostic.location?.hasPrefix("r.lock.json:") == true)
    }
}

extension String {
    func replacingCharacters(in range: Range<Index>, with text: String) -> String {
        var copy = self
        copy.replaceSubrange(range, with: text)
        return copy
    }
}
