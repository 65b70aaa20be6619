import JSON
import Supervisor
import TestKit
import Testing

/// An S3 server that verifies signatures, as the testbed starts it.
enum S3Server {
    static let endpoint = Peer.environment("SCAR_TESTBED_S3")
    static let accessKey = Peer.environment("SCAR_TESTBED_S3_ACCESS_KEY") ?? ""
    static let secretKey = Peer.environment("SCAR_TESTBED_S3_SECRET_KEY") ?? ""
    static let isHere = endpoint != nil && (try? Peer.run("python3", ["-c", "import boto3"]).status) == 0

    /// What AWS's own library does or sees there.
    @discardableResult
    static func ask(_ words: String...) throws -> String {
        let result = try Peer.run(
            "python3",
            ["\(Products.repository)/Tests/Oracles/s3.py", endpoint ?? "", accessKey, secretKey] + words)
        guard result.status == 0 else { throw BackgroundProgram.Unavailable(result.errorText) }
        return result.text
    }

    /// Makes a bucket of a name that no other test has.
    static func bucket(_ name: String) throws -> String {
        let bucket = "\(name)-\(monotonicNanoseconds())"
        try ask("make", bucket)
        return bucket
    }

    static var variables: String { variables(secret: secretKey) }

    static func variables(secret: String) -> String {
        "AWS_ENDPOINT_URL_S3=\(endpoint ?? "") AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=\(accessKey) AWS_SECRET_ACCESS_KEY=\(secret)"
    }
}

/// The supervisor as it ships, between Lambda and a server that verifies what it signs.
@Suite(
    "The supervisor’s executable and an S3 server",
    .enabled(
        if: S3Server.isHere && BootstrapBinary.path != nil,
        "scripts/testbed s3 starts one; boto3 looks over its shoulder"))
struct S3ServerTests {
    /// Runs the function on events; what Lambda was told.
    private func run(
        _ package: borrowing TestPackage, _ events: [String], variables: String = S3Server.variables
    ) -> [FakeRuntime.Call] {
        let runtime = FakeRuntime(events.map { ($0, 60) })
        #expect(shell(package.command(runtime.address, environment: variables)).code == 0, "\(package.log)")
        return runtime.calls.filter { !$0.path.hasSuffix("/next") }
    }

    private static let copies =
        "#!/bin/sh\nmkdir \"$TMP_OUTPUT_DIR/sub\"; cp \"$INPUT_FILE_PATH\" \"$TMP_OUTPUT_DIR/sub/\"\n"

    @Test("an object comes in, its copy goes out, whatever is in its key")
    func keys() throws {
        let bucket = try S3Server.bucket("keys")
        let package = TestPackage(Self.copies) { spec, _ in
            spec.inputs = [.init(storage: utf8("s3"), path: utf8("\(bucket)/in"))]
            spec.outputs = [.init(storage: utf8("s3"), path: utf8("\(bucket)/out put"))]
        }
        let keys = [
            ("in/plain.txt", "in/plain.txt"), ("in/a b+c.txt", "in/a+b%2Bc.txt"), ("in/100%.txt", "in/100%25.txt"),
            ("in/%2F.txt", "in/%252F.txt"), ("in/日本 🎬.txt", "in/%E6%97%A5%E6%9C%AC+%F0%9F%8E%AC.txt"),
            ("in/e\u{301}.txt", "in/e%CC%81.txt"), ("in/q?a=b&c#d.txt", "in/q%3Fa%3Db%26c%23d.txt"),
            ("in/~'()*!$@=;:,.txt", "in/%7E%27%28%29%2A%21%24%40%3D%3B%3A%2C.txt"),
        ]
        for (key, _) in keys {
            package.folder.write("content of \(key)", to: "content")
            try S3Server.ask("put", bucket, key, "\(package.folder.path)/content")
        }
        let calls = run(package, keys.map { EventTests.event(EventTests.record($0.1, bucket: bucket)) })
        #expect(calls.map { $0.errorType } == keys.map { _ in nil }, "\(calls.map(\.body))")
        let stored = try S3Server.ask("list", bucket).split(separator: "\n").map(String.init)
        #expect(stored.filter { $0.hasPrefix("out put/sub/") }.count == keys.count)
        for (key, _) in keys {
            let name = key.dropFirst(3)
            try S3Server.ask("get", bucket, "out put/sub/\(name)", "\(package.folder.path)/back")
            #expect(package.folder.read("back") == "content of \(key)")
        }
    }

    @Test("a key that leads out of the folder is refused, and an object that is not there is not found")
    func refusals() throws {
        let bucket = try S3Server.bucket("refusals")
        let package = TestPackage(Self.copies)
        let calls = run(
            package,
            ["..%2F..%2Fetc%2Fpasswd", "nothing"].map { EventTests.event(EventTests.record($0, bucket: bucket)) }
                + [EventTests.event(EventTests.record("a", bucket: "nobucket-\(bucket)"))])
        #expect(calls.map(\.errorType) == ["Storage.BadKey", "Storage.NotFound", "Storage.NotFound"])
        #expect(calls[1].body.contains("cannot read the object \(bucket)/nothing: NoSuchKey"), "\(calls[1].body)")
        #expect(calls[2].body.contains("NoSuchBucket"))
    }

    @Test("a wrong secret is an error that names the reason, and no secret")
    func wrongSecret() throws {
        let bucket = try S3Server.bucket("secret")
        let package = TestPackage(Self.copies)
        let calls = run(
            package, [EventTests.event(EventTests.record("a", bucket: bucket))],
            variables: S3Server.variables(secret: "wrong-hunter2"))
        #expect(calls.map(\.errorType) == ["Storage.Denied"])
        #expect(calls.first?.body.contains("SignatureDoesNotMatch") == true, "\(calls.first?.body ?? "")")
        #expect(calls.first?.body.contains("hunter2") == false)
        #expect(!package.log.contains("hunter2"))
    }

    @Test("a hundred megabytes go out in parts, and come in again the same")
    func large() throws {
        let bucket = try S3Server.bucket("large")
        let package = TestPackage(
            """
            #!/bin/sh
            case "$INPUT_FILE_PATH" in
            *start) openssl enc -aes-128-ctr -K 00 -iv 00 -in /dev/zero 2>/dev/null | head -c 104857601 > "$TMP_OUTPUT_DIR/large" ;;
            *) sha256sum < "$INPUT_FILE_PATH" > "$TMP_OUTPUT_DIR/sum" ;;
            esac
            """
        ) { spec, _ in spec.outputs = [.init(storage: utf8("s3"), path: utf8(bucket))] }
        package.folder.write("x", to: "content")
        try S3Server.ask("put", bucket, "start", "\(package.folder.path)/content")
        let calls = run(
            package, ["start", "large"].map { EventTests.event(EventTests.record($0, bucket: bucket)) })
        #expect(calls.map(\.errorType) == [nil, nil], "\(calls.map(\.body))")
        try S3Server.ask("get", bucket, "large", "\(package.folder.path)/large")
        try S3Server.ask("get", bucket, "sum", "\(package.folder.path)/sum")
        #expect(package.folder.read("sum") == shell("sha256sum < '\(package.folder.path)/large'").output)
        #expect(shell("stat -c %s '\(package.folder.path)/large'").output == "104857601\n")
        #expect(try S3Server.ask("uploads", bucket) == "0\n")
    }

    @Test(
        "it works from an empty root, without /etc",
        .enabled(if: EmptyRoot.isPossible, "needs root and gcc: scripts/setup test"))
    func emptyRoot() throws {
        let bucket = try S3Server.bucket("empty")
        let root = EmptyRoot()
        root.folder.write("content", to: "content")
        try S3Server.ask("put", bucket, "a", "\(root.folder.path)/content")
        let result = root.run(EventTests.event(EventTests.record("a", bucket: bucket)), variables: S3Server.variables)
        #expect(
            result.answer.contains(#""inputs":[{"bucket":"\#(bucket)","key":"a","size":7}]"#),
            "\(result.answer) \(result.log)")
    }

    @Test("an address that it gives out lets anybody fetch the object, and no other")
    func presigned() throws {
        let bucket = try S3Server.bucket("presigned")
        let folder = TestFolder.made()
        folder.write("content", to: "content")
        try S3Server.ask("put", bucket, "a b/ü.txt", "\(folder.path)/content")
        let setting = FunctionWorker.Setting(
            spec: LaunchSpec(name: utf8("f"), root: utf8("/")), package: utf8("/nowhere"), scratch: utf8("/nowhere"),
            storage: nil, environment: S3Server.variables.split(separator: " ").map { Array($0.utf8) })
        let storage = try setting.storages.named(utf8("s3"))
        let url = text(try storage.presignedURL(bucket: utf8(bucket), key: utf8("a b/ü.txt"), expires: 60))
        #expect(shell("curl -sf '\(url)'").output == "content")
        #expect(shell("curl -sf '\(url.replacing("%C3%BC", with: "u"))'").code != 0)
        let put = text(try storage.presignedURL("PUT", bucket: utf8(bucket), key: utf8("new"), expires: 60))
        #expect(shell("curl -sf -T '\(folder.path)/content' '\(put)'").code == 0)
        #expect(try S3Server.ask("list", bucket).contains("new\n"))
    }
}

/// The same against moto, behind a proxy that holds each request against botocore's model of S3 and its signatures.
@Suite("The supervisor and AWS’s model of S3", .enabled(if: AWSEmulator.isInstalled, "scripts/setup --python-path"))
struct S3ModelTests {
    @Test("requests have the form and the signature that botocore gives them")
    func model() throws {
        let emulator = try AWSEmulator()
        _ = try emulator.aws(
            "s3api", "create-bucket", "--bucket", "model-test", "--create-bucket-configuration",
            "LocationConstraint=eu-west-1")
        let folder = TestFolder.made()
        folder.write("content", to: "content")
        _ = try emulator.aws(
            "s3api", "put-object", "--bucket", "model-test", "--key", "in/a b+ü.txt", "--body", "\(folder.path)/content"
        )
        try emulator.clear()
        var function = try CloudFunction(
            nil, CloudFunction.copies + "truncate -s 65M \"$TMP_OUTPUT_DIR/large\"\n", variables: emulator.variables
        ) { spec, _ in spec.outputs = [.init(storage: utf8("s3"), path: utf8("model-test/out"))] }
        let answer = try function.handle("in/a+b%2B%C3%BC.txt", bucket: "model-test")
        #expect(answer.contains(#""key":"out/large","size":68157440"#))
        let requests = try emulator.requests()
        #expect(
            Set(requests.map(\.operation)) == [
                "GetObject", "PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload",
            ])
        #expect(try emulator.problems() == [])
        let listing = try emulator.aws("s3api", "list-objects-v2", "--bucket", "model-test")
        #expect(listing["Contents"]?.array?.compactMap { $0["Size"]?.integer }.sorted() == [7, 7, 68_157_440])
    }
}
