import AWS
import ByteKit
import Publisher
import Testing

@Suite("A bucket's notifications")
struct NotificationTests {
    @Test("of others are kept to the letter, whatever they are; only the function's own are replaced")
    func merged() throws {
        let others = """
            <EventBridgeConfiguration></EventBridgeConfiguration>\
            <TopicConfiguration><Id>a &amp; b</Id><Topic>arn:aws:sns:eu-west-1:1:t</Topic><Event>s3:ObjectRemoved:*</Event>\
            </TopicConfiguration><SomethingNew x="1"><Deep>text</Deep></SomethingNew>\
            <CloudFunctionConfiguration><Id>scar-build:frames-2:00</Id></CloudFunctionConfiguration>
            """
        let ours = "<CloudFunctionConfiguration><Id>scar-build:frames:00</Id></CloudFunctionConfiguration>"
        let root = "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""
        let document = try XML.parse(
            Array("<NotificationConfiguration \(root)>\(others)\(ours)</NotificationConfiguration>".utf8))
        let merged = Notification.merged(document, with: [XML("New")], function: "frames")
        #expect(
            String(decoding: merged.document, as: UTF8.self)
                == "<NotificationConfiguration \(root)>\(others)<New></New></NotificationConfiguration>")
    }
}

@Suite("Recursion")
struct RecursionTests {
    private typealias Channel = Deployment.Channel

    private static func function(_ name: String, _ input: Channel, _ output: Channel) -> Deployment {
        var deployment = Deployment(
            name: name,
            function: DesiredFunction(
                memory: 128, timeout: 60, timeoutThreshold: 10, ephemeralStorage: 512, layers: [], environment: []),
            package: .init(path: "", size: 0, digest: Digest(of: [])))
        deployment.inputs = [input]
        deployment.outputs = [output]
        return deployment
    }

    @Test(
        "is refused when output can be input",
        arguments: [
            (Channel(bucket: "b", folder: "in"), Channel(bucket: "b", folder: "in")),
            (Channel(bucket: "b", folder: "in"), Channel(bucket: "b", folder: "in/out")),
            (Channel(bucket: "b", folder: ""), Channel(bucket: "b", folder: "out")),
            (
                Channel(bucket: "b", folder: "in", suffixes: [".gz"]),
                Channel(bucket: "b", folder: "in", suffixes: [".tar.gz"])
            ),
            (Channel(bucket: "b", folder: "in", suffixes: [".mp4"]), Channel(bucket: "b", folder: "in")),
        ])
    func refused(input: Deployment.Channel, output: Deployment.Channel) {
        let error = #expect(throws: PublishError.self) { try Recursion.check([Self.function("f", input, output)]) }
        #expect(error?.code == .recursion)
    }

    @Test(
        "is not seen where there is none",
        arguments: [
            (Channel(bucket: "b", folder: "in"), Channel(bucket: "b", folder: "out")),
            (Channel(bucket: "b", folder: "in"), Channel(bucket: "c", folder: "in")),
            (Channel(bucket: "b", folder: "in"), Channel(bucket: "b", folder: "in-between")),
            (
                Channel(bucket: "b", folder: "in", suffixes: [".mp4"]),
                Channel(bucket: "b", folder: "in", suffixes: [".png"])
            ),
            (Channel(bucket: "b", folder: "x", prefixes: ["a-"]), Channel(bucket: "b", folder: "x", prefixes: ["b-"])),
        ])
    func fine(input: Deployment.Channel, output: Deployment.Channel) throws {
        try Recursion.check([Self.function("f", input, output)])
    }

    @Test("is refused in a circle of functions, and each of them named")
    func circle() throws {
        let functions = [
            Self.function("a", Channel(bucket: "b", folder: "1"), Channel(bucket: "b", folder: "2")),
            Self.function("b", Channel(bucket: "b", folder: "2"), Channel(bucket: "b", folder: "3")),
            Self.function("c", Channel(bucket: "b", folder: "3"), Channel(bucket: "b", folder: "1")),
        ]
        let error = try #require(throws: PublishError.self) { try Recursion.check(functions) }
        #expect(error.message.contains("a → b → c → a"))
        try Recursion.check(Array(functions.dropLast()))
    }

    @Test("is looked for in moments where each of many functions feeds all that come after it")
    func layers() throws {
        func folder(_ number: Int) -> Channel { Channel(bucket: "b", folder: "\(number)") }
        var functions = (0..<40).map { Self.function("f\($0)", folder($0), folder(40)) }
        for (number, index) in functions.indices.enumerated() {
            functions[index].outputs = ((number + 1)...40).map(folder)
        }
        try Recursion.check(functions)
        functions[39].outputs = [folder(20)]
        let error = try #require(throws: PublishError.self) { try Recursion.check(functions) }
        #expect(error.message.contains("f39 → f20"))
    }
}
