internal import CSupervisor

#if !hasFeature(Embedded)
    internal import JSON
    internal import Signing
    internal import SquashFS
#endif

extension S3Storage {
    /// Brings an object into a file. What is cut off in the middle is gone on with, as long as it is the same object.
    func fetch(
        _ bucket: [UInt8], _ key: [UInt8], to file: borrowing OpenFile, until deadline: Int64
    ) throws(Failure) -> Int {
        guard !key.isEmpty, !key.contains(0) else { throw .badKey(key) }
        let download = Download(file.descriptor, endsSafely: setting.endpoint?.origin.isEncrypted ?? true)
        do throws(S3Error) {
            let sink: HTTPClient.Sink = { (head, bytes) throws(NetworkError) in try download.take(head, bytes) }
            let response = try send(until: deadline, to: sink, progress: { download.count }) {
                Request(method: "GET", bucket: bucket, key: key, fields: download.fields())
            }
            do throws(NetworkError) { try download.finish(response) } catch { throw S3Error(error, nil) }
        } catch {
            throw error.told(true, setting.name, bucket.appending(path: key))
        }
        guard download.isSound else {
            throw Failure(
                "Storage.Damaged",
                [UInt8]("the object ") + bucket.appending(path: key)
                    + [UInt8](" arrived with other bytes than the storage’s checksum is of"))
        }
        return download.count
    }
}

/// An object on its way into a file, in one go or several.
private final class Download {
    private let descriptor: Int32
    /// Whether the end of a connection is known to be the server's doing.
    private let endsSafely: Bool
    /// How much of it is in the file.
    private(set) var count = 0
    private var total: Int?
    private var tag: [UInt8]?
    private var checksum: ObjectChecksum?
    /// Whether the head of the answer that comes has been looked at.
    private var isBegun = false

    init(_ descriptor: Int32, endsSafely: Bool) {
        self.descriptor = descriptor
        self.endsSafely = endsSafely
    }

    /// What the next request says besides the object's name.
    func fields() -> [HTTPResponse.Field] {
        isBegun = false
        var fields = [HTTPResponse.Field("x-amz-checksum-mode", [UInt8]("ENABLED"))]
        guard count > 0, let tag else { return fields }
        var range = [UInt8]("bytes=")
        range.append(decimal: count)
        range.append("-")
        fields.append(.init("range", range))
        fields.append(.init("if-match", tag))
        return fields
    }

    func take(_ head: HTTPResponse, _ bytes: [UInt8]) throws(NetworkError) {
        if !isBegun { try begin(head) }
        let failure = unsafe csupervisor_write_at(descriptor, bytes, bytes.count, UInt64(count))
        guard failure == 0 else { throw .file(SystemFailure(errorNumber: -failure)) }
        checksum?.update(bytes)
        count += bytes.count
    }

    /// After the last byte: an object without any has had no first one.
    func finish(_ head: HTTPResponse) throws(NetworkError) {
        if !isBegun { try begin(head) }
        guard total == nil || count == total else { throw .cutOff }
    }

    var isSound: Bool { checksum?.isRight ?? true }

    private func begin(_ head: HTTPResponse) throws(NetworkError) {
        isBegun = true
        // In the clear, an object whose length nobody says could be half of one.
        let isBounded = head["content-length"] != nil || head["transfer-encoding"] != nil
        guard isBounded || endsSafely else { throw .malformed }
        guard head.status == 206 else {
            // From the beginning, also when it was not asked for: a server that knows no ranges.
            count = 0
            let failure = csupervisor_truncate(descriptor, 0)
            guard failure == 0 else { throw .file(SystemFailure(errorNumber: -failure)) }
            total = head["content-length"]?.decimalValue
            tag = head["etag"]
            checksum = ObjectChecksum(head)
            return
        }
        // `bytes 100-199/200`. RFC 9110, section 14.4.
        var start = [UInt8]("bytes ")
        start.append(decimal: count)
        start.append("-")
        guard let range = head["content-range"], range.starts(with: start) else { throw .malformed }
        let size = range.parts(separatedBy: UInt8(ascii: "/")).last?.decimalValue
        guard total == nil || size == total else { throw .malformed }
        total = size
    }
}
