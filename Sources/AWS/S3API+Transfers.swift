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
        let start = try client.send(try request("CreateMultipartUpload", .post, bucket, key, query: [("uploads", "")]))
        let begin = start.headers["date"].flatMap { HTTPDate.unixTime(parsing: $0) } ?? client.serviceTime
        guard let id = (try? XML.parse(start.body))?["UploadId"]?.text, !id.isEmpty else {
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
            try complete(Upload(id: id, parts: parts, size: size, begin: begin), in: bucket, key, client)
        } catch {
            // Parts that nobody completes are paid for until somebody looks.
            _ = try? client.send(
                try request("AbortMultipartUpload", .delete, bucket, key, query: [("uploadId", id)]))
            throw error
        }
    }

    /// Puts the parts together. This one may say no after it has said yes: the status comes first, the work takes long.
    /// When an answer was lost, the next one may be that there is no such upload any more; whether there is the object
    /// instead says what has become of it.
    private func complete(
        _ upload: Upload, in bucket: String, _ key: String, _ client: AWSClient
    ) throws(AWSError) {
        let request = try request(
            "CompleteMultipartUpload", .post, bucket, key, query: [("uploadId", upload.id)],
            headers: ["content-type": "application/xml"],
            body: .bytes(XML("CompleteMultipartUpload", upload.parts).document))
        for attempt in 1... {
            do throws(AWSError) {
                let answer = try client.xml(request)
                guard answer.name == "Error", let code = answer["Code"]?.text else { return }
                throw AWSError(
                    code: code, message: answer["Message"]?.text ?? "", operation: "s3 CompleteMultipartUpload",
                    status: 200, requestID: answer["RequestId"]?.text)
            } catch {
                if error.isService("NoSuchUpload"), try isWhole(upload, in: bucket, key, client) { return }
                // Those that came with another status were tried again already.
                guard error.status == 200, error.isTransient || error.isService("ServiceUnavailable"),
                    attempt < client.configuration.attempts, client.time.sleep(.seconds(attempt))
                else { throw error }
            }
        }
    }

    /// Whether an upload has become the object. S3 ends the tag of such objects with the number of parts, and dates them
    /// from the upload's beginning: one that was there before is older.
    private func isWhole(
        _ upload: Upload, in bucket: String, _ key: String, _ client: AWSClient
    ) throws(AWSError) -> Bool {
        let answer = try client.send(try request("HeadObject", .head, bucket, key))
        let tag = (answer.headers["etag"] ?? "").filter { $0 != "\"" }
        let time = answer.headers["last-modified"].flatMap { HTTPDate.unixTime(parsing: $0) } ?? 0
        return answer.headers["content-length"] == String(upload.size) && tag.hasSuffix("-\(upload.parts.count)")
            && time >= upload.begin - 1
    }

    /// An upload in parts, all of which have arrived.
    private struct Upload {
        var id: String
        var parts: [XML]
        var size: Int
        /// When it began, in seconds since 1970 by the service's clock.
        var begin: Int
    }
}

extension AWSError {
    init(file error: FileError) {
        self.init(.configuration, error.diagnostic.message, hint: error.diagnostic.hint)
    }
}
