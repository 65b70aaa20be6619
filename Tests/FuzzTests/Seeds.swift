import ByteKit
import FuzzTargets
import TestKit

/// The inputs that fuzzing of layers begins with: one for each form of tar and each way that layers meet.
enum Seeds {
    static let layers: [(name: String, bytes: [UInt8])] = [
        ("kinds", TarBuilder.archive(kinds)), ("forms", forms), ("sparse", sparse), ("extended", extended),
        ("names", stack(names)), ("sizes", stack(sizes)), ("links", stack(links, crossing)),
        ("whiteouts", stack(lower, upper, [.folder("d"), .file("d/back", "again"), .whiteout("gone")])),
        ("changes", stack(lower, changes)), ("repacked", stack(neighbours, [.whiteout("n1"), .whiteout("n3")])),
        ("pruned", stack(pruned)),
    ]

    private static func stack(_ layers: [TarItem]...) -> [UInt8] {
        FuzzBench.stack(layers.map { TarBuilder.archive($0) })
    }

    private static let kinds: [TarItem] = [
        .folder("d"), TarItem.file("d/file", "some content").xattr("user.note", [1, 2]).xattr("trusted.t", []),
        .hardLink("d/hard", to: "d/file"), .symlink("soft", to: "d/file"), .characterDevice("null", 1, 3),
        .blockDevice("loop", 7, 300), .pipe("pipe"), .file("empty"),
        TarItem.file("setuid", "x").with { ($0.mode, $0.owner, $0.group, $0.time) = (0o4755, 70_000, 5, -5) },
    ]

    private static let forms: [UInt8] = {
        var builder = TarBuilder()
        for form in [TarBlock.Form.v7, .ustar, .gnu] {
            builder.add(TarBlock("\(form)", size: 5, form: form), data: [1, 2, 3, 4, 5])
        }
        var prefixed = TarBlock("name")
        prefixed.prefix = Array("prefix/of".utf8)
        builder.add(prefixed)
        builder.add(TarBlock("folder/", type: "\0", form: .v7))
        builder.add(TarBlock("contiguous", type: "7", size: 1), data: [9])
        builder.addGNULong("L", Array("d/a long name".utf8))
        builder.addGNULong("K", Array("target".utf8))
        builder.add(TarBlock("d/a", type: "2", form: .gnu))
        return builder.finished()
    }()

    private static let sparse: [UInt8] = {
        var builder = TarBuilder()
        builder.addSparse("old", size: 9000, (0..<6).map { ($0 * 1000, [1, 2]) }, form: .oldGNU)
        for form in [TarBuilder.SparseForm.pax00, .pax01, .pax10] {
            builder.addSparse("\(form)", size: 5000, [(100, [1]), (4000, [2, 3])], form: form)
        }
        return builder.finished()
    }()

    private static let extended: [UInt8] = {
        var builder = TarBuilder()
        builder.addPax(["comment": "global"], type: "g")
        builder.addPax(["path": "renamed", "size": "600", "mtime": "1.5", "uid": "7", "gid": "8"])
        builder.add(TarBlock("name", size: 0), data: [UInt8](repeating: 9, count: 600))
        builder.addPax(["linkpath": "somewhere", "mtime": "-1.5", "SCHILY.xattr.user.x": "v"])
        builder.add(TarBlock("link", type: "2"))
        return builder.finished()
    }()

    private static let names: [TarItem] = [
        .file("./dot//double", "1"), .file("a/../b", "2"), .file("../../above", "3"), .file("new\nline", "4"),
        .file(String(repeating: "n", count: 200) + "/x", "5"), .symlink("long", to: String(repeating: "t", count: 300)),
    ]

    private static let sizes: [TarItem] = {
        var numbers = SeededNumbers(seed: 3)
        return [
            .file("s100", numbers.bytes(100)), .file("d/s4097", numbers.bytes(4097)),
            .file("s4095", [UInt8](repeating: 65, count: 4095)), .file("s4096", [UInt8](repeating: 66, count: 4096)),
            .file("zeros", [UInt8](repeating: 0, count: 8200)), .file("twin", [UInt8](repeating: 65, count: 4095)),
        ]
    }()

    /// Files that share a fragment, of which one goes in the next layer.
    private static let neighbours: [TarItem] = (1...4).map { .file("n\($0)", [UInt8](repeating: $0, count: 300)) }

    private static let lower: [TarItem] = [
        .folder("d"), .file("d/old", "1"), .folder("d/deep"), .file("d/deep/file", "2"), .file("gone", "3"),
        .folder("o"), .file("o/hidden", "4"), .symlink("alias", to: "d"), .file("x", "5"),
    ]

    private static let upper: [TarItem] = [
        .whiteout("d/old"), .whiteout("d/deep"), .whiteout("nothing"), .opaque("o"), .file("o/new", "6"),
        .file("alias/through", "7"), .file(".wh..wh.plnk", ""),
    ]

    private static let changes: [TarItem] = [
        .file("d", "was a folder"), .folder("x"), .file("x/child", "was a file"), .symlink("o", to: "x"),
        .file("o/through", "8"), .file("gone/child", "9"),
    ]

    private static let links: [TarItem] = [
        .file("a", "1"), .hardLink("b", to: "a"), .hardLink("c", to: "b"), .symlink("loop", to: "loop"),
        .symlink("up", to: "../../.."), .symlink("abs", to: "/usr"), .file("abs/made", "2"),
    ]

    private static let crossing: [TarItem] = [
        .hardLink("d", to: "a"), .whiteout("a"), .hardLink("up/e", to: "b"), .file("c", "3"),
    ]

    private static let pruned: [TarItem] = [
        .file("usr/share/doc/x/copyright", "1"), .file("usr/share/man/man1/a.1", "2"), .file("usr/bin/a", "3"),
        .file("var/cache/apt/pkgcache.bin", "4"), .symlink("usr/lib/link", to: "/usr/bin/a"),
    ]

    /// What reports are made from, behind the byte that says which.
    static let reports: [(name: String, bytes: [UInt8])] = [
        (
            "status",
            Array(
                "dPackage: a\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:2-3\nDescription: x\n y\n\nPackage: b\n"
                    .utf8)
        ),
        ("apk", Array("aC:Q1\nP:musl\nV:1-r0\nA:x86_64\nF:lib\nR:ld.so\nF:\nR:top\n\nP:b\n".utf8)),
        ("list", Array("l/.\n/usr\n/usr/bin/a\n0123456789abcdef  ./etc/b\n".utf8)),
        ("rules", Array("gefficiency>=95%,wasted<=1.5MiB, secrets=0".utf8)),
        (
            "dive-rules",
            Array("v# x\nrules:\n  lowestEfficiency: 0.9\n  highestWastedBytes: '20 MB' # y\n".utf8)
        ),
        ("layers", Array("i".utf8) + stack(lower, upper, reported)),
    ]

    private static let reported: [TarItem] = [
        .file("var/lib/dpkg/status", "Package: a\nVersion: 1\n\n"), .file("var/lib/dpkg/info/a.list", "/d/file\n"),
        TarItem.file("key", "-----BEGIN PRIVATE KEY-----\n" + String(repeating: "A", count: 64) + "\n")
            .with { $0.mode = 0o4777 },
        .file("copy", "same"), .file("copy2", "same"), .file("copy", "other"), .hardLink("link", to: "copy"),
        .file("var/cache/apt/archives/a.deb", "deb"),
    ]

    /// Parts of an image that decide about relocation, behind the byte that says which.
    static let relocations: [(name: String, bytes: [UInt8])] = [
        (
            "program",
            Array("p".utf8)
                + ELFBuilder(
                    interpreter: "/lib64/ld-linux-x86-64.so.2", needed: ["libx.so", "liby.so"],
                    rpath: "$ORIGIN/../lib64", runpath: "/opt/one:/opt/$LIB"
                ).bytes
        ),
        (
            "configuration",
            Array("c# folders\n/opt/one /opt/two\ninclude ld.so.conf.d/*.conf\ninclude /etc/ld.so.conf\n".utf8)
        ),
        ("locales", Array("l".utf8) + locales),
    ]

    /// An archive of one locale with two names.
    private static let locales: [UInt8] = {
        var bytes: [UInt8] = []
        let numbers: [UInt32] =
            [0xde02_0109, 0, 56, 2, 2, 80, 6, 6, 86, 108, 108, 0, 0, 0] + [7, 80, 86, 7, 83, 86]
        for number in numbers { bytes.append(littleEndian: number) }
        bytes += Array("aa\0bb\0".utf8)
        bytes.append(littleEndian: UInt32(1))
        for category in 0..<13 {
            for number in category == 0 || category == 5 ? [194, 5] : [0, 0] {
                bytes.append(littleEndian: UInt32(number))
            }
        }
        return bytes + Array("ctype".utf8)
    }()

    /// Texts, behind the byte that says what they are.
    static let documents: [(name: String, bytes: [UInt8])] =
        [
            ("json", #"j{"a":[1,-2.5e10,true,null,"\u00e9\ud83d\ude00\n"],"b":{}}"#),
            (
                "recipe",
                #"r{"name":"a","image":"ffmpeg","command":["x"],"prune":{"profile":"safe","drop":["a/**"],"keep":["b"]},"function":{"memory":512,"timeout":30}}"#
            ),
            (
                "recipes",
                #"r{"functions":[{"name":"a","image":"b:1"},{"name":"c","image":"d@sha256:\#(String(repeating: "0", count: 64))"}]}"#
            ),
            (
                "function-file",
                """
                yfunctions:
                  aws:
                  - lambda: {name: a, memory: 512, container: &c {image: "b", environment: {Variables: {A: 1}}}}
                    batch: {vcpus: 1, compute_resources: {instance_types: [x]}}
                    api_gateway: {name: n}
                  - lambda:
                      name: !!str 7
                      container: *c
                      input: [{storage_provider: s3, path: b-b/in, suffix: ['.c']}]
                      supervisor: {}
                storage_providers: {minio: {default: {endpoint: 'http://m', access_key: k}}}

                """
            ),
            ("reference", "flocalhost:5000/a/b:tag@sha256:" + String(repeating: "a", count: 64)),
            ("platform", "plinux/arm64/v8"), ("url", "uhttps://localhost:80/a/../b?x=%41"),
            ("glob", "ga/**/[!b-d]?*.c\na/x/y/ez.c"),
            ("response", "hHTTP/1.1 200 OK\r\nContent-Length: 2\r\nA: b\r\n\r\nok"),
            ("chunked", "hHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nok\r\n0\r\nT: 1\r\n\r\n"),
            (
                "event",
                #"e{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"a%2Bb+c"}}}]}"#
            ),
            (
                "http-event",
                #"e{"version":"2.0","requestContext":{"http":{"method":"POST","path":"/"}},"body":"aGk=","isBase64Encoded":true,"headers":{"a":"b"}}"#
            ),
            (
                "queue-event",
                #"e{"Records":[{"eventSource":"aws:sqs","messageId":"m","body":"{\"Records\":[]}","attributes":{"MessageGroupId":"g"}}]}"#
            ), ("topic-event", #"e{"Records":[{"EventSource":"aws:sns","Sns":{"Message":"words"}}]}"#),
            (
                "bus-event",
                #"e{"source":"aws.s3","detail-type":"Object Created","detail":{"bucket":{"name":"b"},"object":{"key":"k"}}}"#
            ), ("call-event", #"e{"script":"bHM=","cmd_args":"[\"a\"]"}"#),
            (
                "form",
                "mXX\n--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a b\"\r\n\r\nok\r\n--XX\r\n\r\n\r\n--XX--"
            ), ("response-head", "bStatus: 404 Not Found\r\nContent-Type: text/html\nSet-Cookie: a=1\n"),
            (
                "config",
                #"c{"architecture":"amd64","os":"linux","config":{"Env":["A=b"],"Cmd":["sh"],"Entrypoint":["x"],"WorkingDir":"/w"},"rootfs":{"type":"layers","diff_ids":["sha256:\#(String(repeating: "1", count: 64))"]}}"#
            ),
        ].map { ($0.0, Array($0.1.utf8)) } + [
            ("index", Array("d".utf8) + TestImage().index), ("manifest", Array("d".utf8) + TestImage().manifest),
        ]
}
