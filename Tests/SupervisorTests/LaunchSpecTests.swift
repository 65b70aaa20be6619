import Supervisor
import Testing

@Suite struct LaunchSpecTests {
    static let full = LaunchSpec(
        name: utf8("frames"),
        artifact: .init(
            path: utf8("artifact.squashfs"), digest: utf8("sha256:" + String(repeating: "0a", count: 32)), size: 123,
            unpackedSize: 456_789_012_345, blocks: utf8("artifact.blocks"),
            blocksDigest: utf8("sha256:" + String(repeating: "0b", count: 32))),
        root: utf8("/tmp/scar/root"),
        relocation: .init(
            library: utf8("launcher/libscar-path.so"), loader: utf8("lib64/ld-linux-x86-64.so.2"),
            loaderHasArgumentZero: true, folders: ["usr/local/lib", "usr/lib"].map(utf8), host: [utf8("/opt")],
            asRoot: false, keep: [.init(name: utf8("LOCPATH"), value: utf8("/usr/lib/locale"))]),
        script: utf8("script/frames.sh"), command: [utf8("ruby"), utf8("-W0")], interpreter: [utf8("irb")],
        worker: .init(command: [utf8("ruby")], program: utf8("launcher/worker/ruby.rb")),
        environment: [
            .init(name: utf8("A"), value: utf8("ä = \"b\"\n")), .init(name: utf8("PATH"), value: utf8("/usr/bin")),
        ],
        workingDirectory: utf8("/srv/app"), timeoutThreshold: 7,
        inputs: [.init(storage: utf8("s3"), path: utf8("videos/in"), prefix: [], suffix: [utf8(".mp4")])],
        outputs: [.init(storage: utf8("s3"), path: utf8("videos"), prefix: [utf8("a"), utf8("b")], suffix: [])],
        storages: [
            .init(
                name: utf8("minio"), endpoint: utf8("https://minio.example:9000"), region: utf8("lab-1"),
                pathStyle: false,
                verify: false, authority: utf8("files/ca.pem"), accessKey: utf8("M_KEY"), secretKey: utf8("M_SECRET"),
                sessionToken: utf8("M_TOKEN"))
        ])

    @Test("what is written is read back the same, with all members and with the fewest")
    func roundTrip() throws {
        let least = LaunchSpec(name: utf8("x"), root: utf8("/"))
        var spare = Self.full
        spare.worker?.isSpare = true
        for spec in [Self.full, least, spare] { #expect(try LaunchSpec.decode(spec.encode()) == spec) }
        #expect(text(least.encode()).contains("artifact") == false)
        #expect(Self.full.encode() == Self.full.encode())
    }

    @Test(
        "a file that is not exactly right is refused with the member and its place",
        arguments: [
            ("", "launch.json:1:1: the document ends in the middle of a value"),
            ("{]", "launch.json:1:2: this is not JSON (a missing comma, quote or bracket?)"),
            ("[]", "launch.json:1:1: must be an object"),
            ("{}", "launch.json:1:1: version is missing"),
            (
                #"{"version":2,"news":1}"#,
                "launch.json:1:12: version is not one that this supervisor reads (it reads 1); rebuild the package with one scar-build"
            ),
            (#"{"version":"1"}"#, "launch.json:1:12: version is not one"),
            (#"{"version":1,"root":"/"}"#, "launch.json:1:1: name is missing"),
            (
                #"{"version":1,"name":"x","root":"tmp"}"#,
                "launch.json:1:32: root must be an absolute path without empty, ‘.’ or ‘..’ components"
            ),
            (#"{"version":1,"name":"x","root":"/tmp/../etc"}"#, "root must be an absolute path"),
            (#"{"version":1,"name":"x\u0000","root":"/"}"#, "name must not contain NUL"),
        ])
    func refusals(json: String, message: String) {
        let error = #expect(throws: LaunchSpecError.self) { try LaunchSpec.decode(utf8(json)) }
        let said = text(error?.message ?? [])
        #expect(said.contains(message), "\(said)")
    }

    @Test(
        "one member that is wrong in an otherwise good file is refused",
        arguments: [
            ("\"script/frames.sh\"", "\"../frames.sh\"", "script"),
            ("\"script/frames.sh\"", "\"/frames.sh\"", "script"),
            ("\"script/frames.sh\"", "7", "script"),
            ("\"timeoutThreshold\": 7", "\"timeoutThreshold\": -1", "timeoutThreshold"),
            ("\"timeoutThreshold\": 7", "\"timeoutThreshold\": 1.5", "timeoutThreshold"),
            ("\"timeoutThreshold\": 7", "\"timeoutTreshold\": 7", "timeoutThreshold"),
            ("\"size\": 123", "\"size\": -123", "artifact.size"),
            ("\"size\": 123", "\"size\": 99999999999999999999", "artifact.size"),
            ("sha256:0a", "sha512:0a", "digest"), ("sha256:0a", "sha256:0A", "digest"),
            ("sha256:0a", "sha256:0", "digest"),
            ("\"A\"", "\"A=B\"", "environment"), ("\"A\"", "\"\"", "environment"),
            ("\"A\",", "\"A\", \"B\",", "environment"),
            ("\"storage\": \"s3\"", "\"store\": \"s3\"", "inputs.storage"), ("\"videos/in\"", "\"videos//in\"", "path"),
            ("\"launcher/libscar-path.so\"", "\"/lib/libscar-path.so\"", "library"),
            ("\"lib64/ld-linux-x86-64.so.2\"", "\"../ld.so\"", "loader"),
            ("\"usr/local/lib\"", "\"usr/lo:cal/lib\"", "relocation"),
            ("\"/opt\"", "\"opt\"", "host"),
            ("\"asRoot\": false", "\"asRoot\": 0", "relocation.asRoot"),
            ("\"LOCPATH\"", "\"LOC=PATH\"", "keep"),
            ("\"loaderHasArgumentZero\"", "\"loaderHasArgument0\"", "relocation.loaderHasArgumentZero"),
            ("\"irb\"", "\"\"", "interpreter"),
            ("\"launcher/worker/ruby.rb\"", "\"launcher/../ruby.rb\"", "program"),
            ("\"/srv/app\"", "\"srv/app\"", "workingDirectory"),
            ("https://minio.example:9000", "https://user@minio.example", "storages.endpoint"),
            ("https://minio.example:9000", "file:///etc", "storages.endpoint"),
            ("\"lab-1\"", "\"lab/1\"", "storages.region"), ("\"M_KEY\"", "\"\"", "storages"),
            ("\"M_SECRET\"", "\"M=SECRET\"", "storages"), ("\"files/ca.pem\"", "\"/etc/ca.pem\"", "authority"),
            ("\"pathStyle\"", "\"pathstyle\"", "storages.pathStyle"),
            ("\"name\": \"frames\"", "\"name\": \"frames\", \"extra\": 1", "extra"),
            ("\"name\": \"frames\"", "\"name\": \"frames\", \"name\": \"x\"", ""),
        ])
    func wrongMember(good: String, bad: String, member: String) throws {
        let json = text(Self.full.encode())
        let place = try #require(json.range(of: good))
        let changed = json[..<place.lowerBound] + bad + json[place.upperBound...]
        let error = #expect(throws: LaunchSpecError.self) { try LaunchSpec.decode(utf8(String(changed))) }
        #expect(text(error?.member ?? []) == member, "\(text(error?.message ?? []))")
        #expect((error?.line ?? 0) > 0)
    }

    @Test("filters look at the name's beginning and end, and no filter takes all")
    func filters() {
        let channel = LaunchSpec.Channel(
            storage: utf8("s3"), path: utf8("bucket/a/b"), prefix: [utf8("result-")],
            suffix: [utf8(".wav"), utf8(".mp3")])
        #expect(channel.accepts(name: utf8("result-c.wav")))
        #expect(channel.accepts(name: utf8("result-.mp3")))
        #expect(!channel.accepts(name: utf8("c.wav")))
        #expect(!channel.accepts(name: utf8("result-c.ogg")))
        #expect(channel.bucket == utf8("bucket"))
        #expect(channel.folder == utf8("a/b"))
        #expect(LaunchSpec.Channel(storage: utf8("s3"), path: utf8("b")).accepts(name: []))
        #expect(LaunchSpec.Channel(storage: utf8("s3"), path: utf8("b")).folder == [])
    }
}

extension String {
    fileprivate func range(of other: String) -> Range<String.Index>? {
        indices.first { self[$0...].hasPrefix(other) }.map { $0..<index($0, offsetBy: other.count) }
    }
}
