internal import ByteKit
internal import Transport

/// Files on their way to S3.
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
}

extension AWSError {
    init(file error: FileError) {
        self.init(.configuration, error.diagnostic.message, hint: error.diagnostic.hint)
    }
}
