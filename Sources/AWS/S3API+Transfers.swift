internal import ByteKit
internal import Glibc
internal import Transport

/// Files on their way to S3 and back.
extension S3API {
    /// From this size on a file goes in parts: a part that fails is sent again, not the file.
    package static let partThreshold = 64 << 20
    /// S3 takes at most so many parts.
    private static let partLimit = 10_000
    private static let smallestPart = 16 << 20

    /// Stores a file.
    ///
    /// - Parameter progress: told how many more bytes have arrived.
    package func upload(
        _ path: String, to bucket: String, _ key: String, progress: @escaping @Sendable (Int) -> Void = { _ in }
    ) throws(AWSError) {
        let size: Int
        do throws(FileError) { size = try InputFile(path).size } catch { throw AWSError(file: error) }
        let client = try client(for: bucket)
        guard size >= Self.partThreshold else {
            let request = try request(
                "PutObject", .put, bucket, key, body: .file(path: path, offset: 0, count: size))
            _ = try client.send(request)
            return progress(size)
        }
        try uploadParts(path, size, to: bucket, key, client, progress)
    }

    private func uploadParts(
        _ path: String, _ size: Int, to bucket: String, _ key: String, _ client: AWSClient,
        _ progress: @escaping @Sendable (Int) -> Void
    ) throws(AWSError) {
        let start = try client.xml(try request("CreateMultipartUpload", .post, bucket, key, query: [("uploads", "")]))
        guard let id = start["UploadId"]?.text, !id.isEmpty else {
            throw AWSError(.answer, "S3 began an upload and did not say which")
        }
        do throws(AWSError) {
            let partSize = max(Self.smallestPart, (size + Self.partLimit - 1) / Self.partLimit)
            let count = (size + partSize - 1) / partSize
            let tags = try Parallel.map(count, width: 4) { index throws(AWSError) in
                let length = min(partSize, size - index * partSize)
                let answer = try client.send(
                    try self.request(
                        "UploadPart", .put, bucket, key,
                        query: [("partNumber", String(index + 1)), ("uploadId", id)],
                        body: .file(path: path, offset: index * partSize, count: length)))
                progress(length)
                return answer.headers["etag"] ?? ""
            }
            let parts = tags.enumerated().map {
                XML("Part", [XML("PartNumber", text: String($0.offset + 1)), XML("ETag", text: $0.element)])
            }
            let answer = try client.xml(
                try request(
                    "CompleteMultipartUpload", .post, bucket, key, query: [("uploadId", id)],
                    headers: ["content-type": "application/xml"],
                    body: .bytes(XML("CompleteMultipartUpload", parts).document)))
            // This one may say no after it has said yes: the status comes first, the work takes long.
            if let code = answer["Code"]?.text, answer.name == "Error" {
                throw AWSError(
                    code: code, message: answer["Message"]?.text ?? "", operation: "s3 CompleteMultipartUpload",
                    status: 200, requestID: answer["RequestId"]?.text)
            }
        } catch {
            // Parts that nobody completes are paid for until somebody looks.
            _ = try? client.send(
                try request("AbortMultipartUpload", .delete, bucket, key, query: [("uploadId", id)]))
            throw error
        }
    }

    /// Brings an object into a file, which appears whole or not at all. What an earlier attempt left in `path.partial`
    /// is gone on with, as long as the object is still the same.
    package func download(
        _ object: Object, from bucket: String, to path: String,
        progress: @escaping @Sendable (Int) -> Void = { _ in }
    ) throws(AWSError) {
        let client = try client(for: bucket)
        let partial = "\(path).\(object.etag.filter { $0.isLetter || $0.isNumber || $0 == "-" }).partial"
        let descriptor = unsafe open(partial, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw AWSError(file: FileError("create", partial)) }
        defer { close(descriptor) }
        var place = Int(lseek(descriptor, 0, Int32(SEEK_END)))
        if place > object.size {
            _ = ftruncate(descriptor, 0)
            place = Int(lseek(descriptor, 0, Int32(SEEK_SET)))
        }
        progress(place)
        var failure: FileError?
        if place < object.size {
            let first = try request("GetObject", .get, bucket, object.key)
            _ = unsafe try client.stream({
                var request = first
                request.answerLimit = .max
                request.headers["if-match"] = "\"\(object.etag)\""
                if place > 0 { request.headers["range"] = "bytes=\(place)-" }
                return request
            }) { response, bytes in
                // A server that knows no ranges begins anew.
                if place > 0, response.status == 200, response.headers["content-range"] == nil,
                    response.contentLength == object.size
                {
                    place = Int(lseek(descriptor, 0, Int32(SEEK_SET)))
                }
                var rest = unsafe bytes
                while unsafe !rest.isEmpty {
                    let count = unsafe write(descriptor, rest.baseAddress, rest.count)
                    if count < 0 && errno == EINTR { continue }
                    guard count > 0 else {
                        failure = FileError("write", partial)
                        return .stop
                    }
                    place += count
                    progress(count)
                    unsafe rest = UnsafeRawBufferPointer(rebasing: rest[count...])
                }
                return .more
            }
        }
        if let failure { throw AWSError(file: failure) }
        guard place == object.size else {
            throw AWSError(.answer, "the object \(object.key) ended after \(place) of \(object.size) bytes")
        }
        do throws(FileError) { try Folder.move(partial, to: path) } catch { throw AWSError(file: error) }
    }
}

extension AWSError {
    init(file error: FileError) {
        self.init(.configuration, error.diagnostic.message, hint: error.diagnostic.hint)
    }
}
