import ByteKit
import JSON
import TestKit
import Testing

@Suite("A function run on this machine", .enabled(if: Testbed.isUp, Testbed.reason("tiny")), .serialized)
struct RunTests: ~Copyable {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private func write(_ text: String, to name: String) throws {
        try OutputFile.write(Array(text.utf8), to: "\(folder.path)/\(name)")
    }

    private func run(_ script: String, recipe: String = "", _ arguments: [String]) throws -> Peer.Result {
        try write(script, to: "script.sh")
        let path = try Tool.recipe(
            #"{"name": "f", "image": "scar-build/tiny:latest", "script": "script.sh"\#(recipe)}"#, in: folder.path)
        return try Tool.run(["run", path, "-q", "--cache", "\(folder.path)/cache"] + arguments)
    }

    @Test("answers on stdout, and nothing else is there")
    func answers() throws {
        try write(#"{"who": "world"}"#, to: "event.json")
        let result = try run(
            "#!/bin/sh\necho hello; cat \"$INPUT_FILE_PATH\"; echo story >&2\n",
            ["--event", "\(folder.path)/event.json"])
        #expect(result.status == 0, "\(result.errorText)")
        #expect(result.text.contains("hello"))
        #expect(!result.text.contains("story"))
        #expect(result.errorText.contains("story"))
    }

    @Test("fails with status 5 when the script fails, and says what the script said")
    func fails() throws {
        let result = try run("#!/bin/sh\necho it went wrong >&2\nexit 3\n", [])
        #expect(result.status == 5)
        #expect(result.errorText.contains("it went wrong"))
        #expect(result.text == "")
    }

    @Test("takes input files and gives output files, as if through buckets")
    func files() throws {
        try write("some words", to: "a b.txt")
        let storage =
            #", "input": [{"storage": "s3", "path": "bucket/in"}], "output": [{"storage": "s3", "path": "bucket/out", "suffix": [".up"]}]"#
        let result = try run(
            "#!/bin/sh\ntr a-z A-Z < \"$INPUT_FILE_PATH\" > \"$TMP_OUTPUT_DIR/$(basename \"$INPUT_FILE_PATH\").up\"; echo x > \"$TMP_OUTPUT_DIR/not-wanted\"\n",
            recipe: storage, ["--input", "\(folder.path)/a b.txt", "-o", "\(folder.path)/out"])
        #expect(result.status == 0, "\(result.errorText)")
        #expect(try Folder.names(in: "\(folder.path)/out") == ["a b.txt.up"])
        #expect(
            String(decoding: try InputFile.contents(of: "\(folder.path)/out/a b.txt.up", limit: 100), as: UTF8.self)
                == "SOME WORDS")
    }

    @Test("takes storages of one's own as buckets too, whose certificates are shipped and whose credentials are not")
    func storages() throws {
        try write("some words", to: "a.txt")
        try write("certificates", to: "ca.pem")
        let storage = """
            , "input": [{"path": "bucket/in"}], "output": [{"storage": "minio", "path": "results"}],
            "storages": [{"name": "minio", "endpoint": "https://minio.example:9000", "authority": "ca.pem",
            "accessKey": "M_KEY", "secretKey": "M_SECRET"}]
            """
        let result = try run(
            "#!/bin/sh\ncat \"$INPUT_FILE_PATH\" \"$LAMBDA_TASK_ROOT/files/ca.pem\" > \"$TMP_OUTPUT_DIR/both\"; cp \"$LAMBDA_TASK_ROOT/launch.json\" \"$TMP_OUTPUT_DIR\"\n",
            recipe: storage, ["--input", "\(folder.path)/a.txt", "-o", "\(folder.path)/out"])
        #expect(result.status == 0, "\(result.errorText)")
        func output(_ name: String) throws -> [UInt8] {
            try InputFile.contents(of: "\(folder.path)/out/\(name)", limit: 1 << 20)
        }
        #expect(try output("both") == Array("some wordscertificates".utf8))
        let described = try JSON.parse(try output("launch.json"))["storages"]?[0]
        #expect(described?["name"]?.string == "minio")
        #expect(described?["authority"]?.string == "files/ca.pem")
        #expect(described?["secretKey"]?.string == "M_SECRET")
    }

    @Test("stops when it is asked to, and does not wait for the function")
    func stops() throws {
        // What this run pulls and compiles is there for the next, whose eight seconds are then the function's.
        try #require(try run("#!/bin/sh\n", []).status == 0)
        try write("#!/bin/sh\necho begun >&2\nsleep 60\n", to: "script.sh")
        let path = try Tool.recipe(
            #"{"name": "f", "image": "scar-build/tiny:latest", "script": "script.sh"}"#, in: folder.path)
        let result = try Peer.run(
            "timeout",
            [
                "--signal=TERM", "--kill-after=30", "8", Products.scarBuild, "run", path, "-q", "--cache",
                "\(folder.path)/cache",
            ])
        // timeout's own status for a program that ended when it was told to.
        #expect(result.status == 124, "\(result.errorText)")
        #expect(result.errorText.contains("begun"), "\(result.errorText)")
        #expect(result.errorText.contains("error[cancelled]"), "\(result.errorText)")
    }

    @Test("refuses two inputs of one name, which a bucket could not hold")
    func sameNames() throws {
        try Folder.create("\(folder.path)/a")
        try Folder.create("\(folder.path)/b")
        try write("1", to: "a/v.txt")
        try write("2", to: "b/v.txt")
        let result = try run(
            "#!/bin/sh\ntrue\n", recipe: #", "input": [{"storage": "s3", "path": "bucket/in"}]"#,
            ["--input", "\(folder.path)/a/v.txt", "--input", "\(folder.path)/b/v.txt"])
        #expect(result.status == 2)
        #expect(result.errorText.contains("error[same-name]"))
    }

    @Test(
        "turns a video into pictures, from a real ffmpeg image",
        .enabled(if: Testbed.serves("ffmpeg"), Testbed.reason("ffmpeg")))
    func ffmpeg() throws {
        let recipe = "\(Products.repository)/recipes/ffmpeg.json"
        // A video out of nothing: two seconds of black, as a raw stream that ffmpeg knows.
        let width = 64
        let height = 48
        var video = Array("YUV4MPEG2 W\(width) H\(height) F25:1 Ip A1:1 C420jpeg\n".utf8)
        for _ in 0..<50 { video += Array("FRAME\n".utf8) + [UInt8](repeating: 128, count: width * height * 3 / 2) }
        try OutputFile.write(video, to: "\(folder.path)/test.mkv")
        let result = try Tool.run([
            "run", recipe, "-q", "--cache", "\(folder.path)/cache", "--input", "\(folder.path)/test.mkv", "-o",
            "\(folder.path)/out",
        ])
        #expect(result.status == 0, "\(result.errorText)")
        #expect(try Folder.names(in: "\(folder.path)/out").contains("contact-sheet.jpg"))
        #expect(try Folder.names(in: "\(folder.path)/out/frames").count == 2)
    }
}
