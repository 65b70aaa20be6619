import ByteKit
import JSON
import Supervisor
import TestKit
import Testing
import Transport

/// Addresses that the supervisor gives out, held against botocore's.
@Suite("An address to give out") struct PresignedURLTests {
    private static let pieces = [
        "a", "videos", "über", "日本", "🎬", " ", "+", "%", "%2F", "&", "=", "?", "#", "~", "*", "(", ")", "'", "!", "$",
        ",",
        ":", ";", "@", ".", "..", "//", "/", "\\", "\"", "<", ">", "[", "]", "^", "`", "{", "|", "}", "-", "_", "\u{1}",
        "\u{7f}", "e\u{301}",
    ]

    private static func storage(_ variables: [String: String]) throws -> Storage {
        let setting = FunctionWorker.Setting(
            spec: LaunchSpec(name: utf8("f"), root: utf8("/")), package: utf8("/nowhere"), scratch: utf8("/nowhere"),
            storage: nil, environment: variables.map { utf8("\($0.key)=\($0.value)") })
        return try setting.storages.named(utf8("s3"))
    }

    @Test(
        "is signed as botocore signs it, for a thousand odd keys",
        .enabled(
            if: (try? Peer.run("python3", ["-c", "import botocore"]).status) == 0, "needs botocore: scripts/setup test")
    )
    func botocore() throws {
        var numbers = SeededNumbers(seed: 9)
        var ours: [String] = []
        var cases: [JSON] = []
        for index in 0..<1000 {
            let token = numbers.once(in: 2) ? "token/+==\(numbers.next())" : ""
            let access = "AKIA\(numbers.below(1 << 30))"
            let secret = "k/+\(numbers.next())"
            let region = numbers.pick(["us-east-1", "cn-north-1", "eu-west-3", "us-gov-west-1"])
            var variables = [
                "AWS_ACCESS_KEY_ID": access, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": token,
                "AWS_REGION": region,
            ]
            let domain = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
            var (origin, path) = ("https://bucket.s3.\(region).\(domain)", "/")
            switch index % 3 {
            case 0:
                // A bucket with dots would be outside the certificate's names.
                (origin, path) = ("https://s3.\(region).\(domain)", "/my.bucket/")
            case 1:
                variables["AWS_ENDPOINT_URL"] = "http://127.0.0.1:9000"
                (origin, path) = ("http://127.0.0.1:9000", "/bucket/")
            default: break
            }
            let key = "k" + (0..<numbers.below(7)).map { _ in numbers.pick(Self.pieces) }.joined()
            let seconds = 1 + numbers.below(604_800)
            let method = numbers.pick(["GET", "PUT"])
            let bucket = utf8(index % 3 == 0 ? "my.bucket" : "bucket")
            let storage = try Self.storage(variables)
            let url = text(
                method == "GET"
                    ? try storage.presignedURL(bucket: bucket, key: utf8(key), expires: seconds)
                    : try storage.presignedURL("PUT", bucket: bucket, key: utf8(key), expires: seconds))
            ours.append(url)
            #expect(url.hasPrefix(origin + path), "\(url)")
            let stamp = try #require(url.split(separator: "&").first { $0.hasPrefix("X-Amz-Date=") })
            cases.append(
                .object([
                    ("style", .string("s3")), ("kind", .string("query")), ("region", .string(region)),
                    ("service", .string("s3")), ("accessKey", .string(access)), ("secretKey", .string(secret)),
                    ("token", .string(token)), ("method", .string(method)), ("origin", .string(origin)),
                    ("path", .string(path + key)), ("query", .array([])), ("headers", .array([])),
                    ("body", .string("")), ("unsigned", .bool(false)), ("seconds", .integer(seconds)),
                    ("time", .integer(try Self.seconds(String(stamp.dropFirst(11))))),
                ]))
        }
        let folder = try TestFolder()
        try OutputFile.write(JSON.array(cases).text(), to: folder.path + "/cases.json")
        let oracle = try Peer.run(
            "python3", ["\(Products.repository)/Tests/Oracles/sign-aws.py", folder.path + "/cases.json"])
        try #require(oracle.status == 0, "\(oracle.errorText)")
        let theirs = oracle.text.split(separator: "\n").map(String.init)
        try #require(theirs.count == ours.count)
        // The order of items is free; the signature is over all of them.
        for (our, their) in zip(ours, theirs) {
            #expect(our.split(separator: "&").last == their.split(separator: "&").last, "\(our)\n\(their)")
        }
    }

    /// `20150830T123600Z` as seconds since 1970.
    private static func seconds(_ stamp: String) throws -> Int {
        let digits = stamp.filter(\.isNumber)
        let date = "\(digits.prefix(4))-\(digits.dropFirst(4).prefix(2))-\(digits.dropFirst(6).prefix(2))"
        let time =
            "\(digits.dropFirst(8).prefix(2)):\(digits.dropFirst(10).prefix(2)):\(digits.dropFirst(12).prefix(2))"
        return try #require(Int(shell("date -u -d '\(date) \(time)' +%s").output.filter(\.isNumber)))
    }

    @Test("is for an object and a week at most, and of a storage that has addresses")
    func limits() throws {
        let storage = try Self.storage(["AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s"])
        for (key, seconds) in [("", 60), ("a", 0), ("a", 604_801), ("a\0b", 60)] {
            #expect(throws: Failure.self) {
                try storage.presignedURL(bucket: utf8("bucket"), key: utf8(key), expires: seconds)
            }
        }
        let folder = Storage.folder(LocalStorage(root: utf8("/nowhere")))
        #expect(throws: Failure.self) { try folder.presignedURL(bucket: utf8("b"), key: utf8("k"), expires: 60) }
    }
}
