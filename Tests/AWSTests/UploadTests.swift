import AWS
import ByteKit
import Glibc
import TestKit
import Testing
import Transport

/// Files that go to S3 in parts, and what its last answer can be. The real one is moto, in the Publisher's tests.
@Suite("An upload in parts")
final class UploadTests {
    private typealias Answer = ScriptedTransport.Answer

    private static let size = S3API.partThreshold
    private static let date = "Sun, 06 Nov 1994 08:49:37 GMT"
    private let folder: TestFolder

    init() throws {
        folder = try TestFolder()
        // A hole: it has the size and takes no room.
        let file = unsafe open(folder.path + "/file", O_CREAT | O_WRONLY, 0o600)
        try #require(ftruncate(file, off_t(Self.size)) == 0)
        close(file)
    }

    /// An S3 whose last answers are these, one after the other.
    private static func transport(_ last: [Answer], object: Answer) -> ScriptedTransport {
        let left = Monitor(last)
        return ScriptedTransport { request in
            let query = request.url.query ?? ""
            switch request.method {
            case .post where query.hasPrefix("uploads"):
                return Answer(
                    200, ["date": Self.date],
                    Array("<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>".utf8))
            case .put: return Answer(200, ["etag": "\"0f\""])
            case .post: return left.withLock { $0.removeFirst() }
            case .head where request.url.path.count > 3: return object
            default: return Answer(200, ["x-amz-bucket-region": "eu-west-1"])
            }
        }
    }

    private static func error(_ status: Int, _ code: String) -> Answer {
        Answer(status, [:], Array("<Error><Code>\(code)</Code><Message>m</Message></Error>".utf8))
    }

    private static let done = Answer(
        200, [:], Array("<CompleteMultipartUploadResult></CompleteMultipartUploadResult>".utf8))

    private static func object(etag: String = "\"0f-4\"", modified: String = date, size: Int = size) -> Answer {
        Answer(200, ["etag": etag, "last-modified": modified, "content-length": String(size)])
    }

    private func upload(_ transport: ScriptedTransport) throws(AWSError) {
        let client = try Fixture.client(transport, variables: ["AWS_ENDPOINT_URL": "http://127.0.0.1:1"])
        try S3API(client).upload(folder.path + "/file", to: "b", "key/file")
    }

    private static func isAborted(_ transport: ScriptedTransport) -> Bool {
        transport.requests.contains { $0.method == .delete }
    }

    @Test("is done when S3 says so")
    func done() throws {
        let transport = Self.transport([Self.done], object: Self.object())
        try upload(transport)
        #expect(transport.requests.filter { $0.method == .put }.count == 4)
        #expect(!Self.isAborted(transport))
    }

    @Test("is asked for again when S3 says no after it has said yes, and when it is busy")
    func busy() throws {
        let transport = Self.transport(
            [Self.error(200, "InternalError"), Self.error(503, "SlowDown"), Self.done], object: Self.object())
        try upload(transport)
        #expect(!Self.isAborted(transport))
    }

    @Test("is done when S3 does not know it any more, and there is the object: an answer was lost")
    func lostAnswer() throws {
        let transport = Self.transport(
            [Self.error(500, "InternalError"), Self.error(404, "NoSuchUpload")], object: Self.object())
        try upload(transport)
        #expect(!Self.isAborted(transport))
    }

    @Test("is not done when S3 does not know it any more, and the object is another")
    func anotherObject() throws {
        let others = [
            Self.object(etag: "\"0f\""), Self.object(etag: "\"0f-3\""), Self.object(size: Self.size - 1),
            Self.object(modified: "Sun, 06 Nov 1994 08:49:30 GMT"),
        ]
        for object in others {
            let error = #expect(throws: AWSError.self) {
                try upload(Self.transport([Self.error(404, "NoSuchUpload")], object: object))
            }
            #expect(error?.isService("NoSuchUpload") == true)
        }
    }

    @Test("that comes to nothing is taken back, so that nobody pays for its parts")
    func refused() throws {
        let transport = Self.transport([Self.error(400, "InvalidPart")], object: Self.object())
        #expect(throws: AWSError.self) { try upload(transport) }
        #expect(Self.isAborted(transport))
    }
}
