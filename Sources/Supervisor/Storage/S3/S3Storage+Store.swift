internal import CSupervisor

#if !hasFeature(Embedded)
    internal import JSON
    internal import Signing
    internal import SquashFS
#endif

extension S3Storage {
    /// From this size on a file goes in parts: a part that fails is sent again, not the file.
    private static var partThreshold: Int { 64 << 20 }
    private static var smallestPart: Int { 16 << 20 }
    /// S3 takes at most so many parts.
    private static var mostParts: Int { 10_000 }
    /// And so many bytes: 50 TB. A file with holes can have more.
    private static var mostBytes: Int { 50_000_000_000_000 }

    /// Writes a file as an object, which appears whole or not at all.
    ///
    /// What is sent is signed with its sum: the storage takes no other bytes than those that were read here.
    func store(
        _ file: borrowing OpenFile, _ bucket: [UInt8], _ key: [UInt8], until deadline: Int64
    ) throws(Failure) -> Int {
        let size: Int
        do throws(SystemFailure) { size = try file.status().size } catch {
            throw .system("Staging.Failed", "cannot read the output file for ", bucket.appending(path: key), error)
        }
        guard size <= Self.mostBytes else {
            throw .system(
                "Staging.Failed", "no storage takes the output file for ", bucket.appending(path: key),
                SystemFailure(errorNumber: OpenFile.tooBig))
        }
        do throws(S3Error) {
            let upload = Upload(self, file.descriptor, size, bucket, key, deadline)
            if size < Self.partThreshold {
                _ = try upload.sendStretch([], 0, size)
            } else {
                let partSize = max(Self.smallestPart, (size + Self.mostParts - 1) / Self.mostParts)
                try upload.sendParts(of: partSize)
            }
        } catch {
            throw error.told(false, setting.name, bucket.appending(path: key))
        }
        return size
    }
}

/// A file on its way to a storage.
private struct Upload: Sendable {
    private let storage: S3Storage
    private let descriptor: Int32
    private let size: Int
    private let bucket: [UInt8]
    private let key: [UInt8]
    private let deadline: Int64

    /// More do not make it faster: one processor makes the sums.
    private static var mostThreads: Int { 4 }

    init(
        _ storage: S3Storage, _ descriptor: Int32, _ size: Int, _ bucket: [UInt8], _ key: [UInt8], _ deadline: Int64
    ) {
        self.storage = storage
        self.descriptor = descriptor
        self.size = size
        self.bucket = bucket
        self.key = key
        self.deadline = deadline
    }

    /// Sends a stretch of the file, as the object or as a part of it.
    func sendStretch(
        _ query: [UInt8], _ offset: Int, _ count: Int
    ) throws(S3Error) -> HTTPResponse {
        let payload = try sum(offset, count)
        return try storage.send(until: deadline) {
            S3Storage.Request(
                method: "PUT", bucket: bucket, key: key, query: query,
                body: .file(descriptor, offset: offset, count: count), payload: payload)
        }
    }

    /// The sum of a stretch of the file.
    private func sum(_ offset: Int, _ count: Int) throws(S3Error) -> [UInt8] {
        var sum = SHA256()
        var buffer = [UInt8](repeating: 0, count: min(count, 256 << 10))
        var done = 0
        while done < count {
            let wanted = min(buffer.count, count - done)
            let got = unsafe csupervisor_read_at(descriptor, &buffer, wanted, UInt64(offset + done))
            guard got > 0 else {
                let number = got == 0 ? SystemFailure.invalid : Int32(truncatingIfNeeded: -got)
                throw S3Error(
                    .system(
                        "Staging.Failed", "cannot read the output file for ", bucket.appending(path: key),
                        SystemFailure(errorNumber: number)))
            }
            sum.update(got == buffer.count ? buffer : [UInt8](buffer[..<got]))
            done += got
        }
        return sum.finish().hexadecimal
    }

    private func post(_ query: [UInt8], _ body: [UInt8]) throws(S3Error) -> HTTPResponse {
        let payload = SHA256.sum(of: body).hexadecimal
        return try storage.send(until: deadline) {
            S3Storage.Request(
                method: "POST", bucket: bucket, key: key, query: query, body: .bytes(body), payload: payload,
                isSlow: true)
        }
    }

    // MARK: - Parts

    private struct Parts: Sendable {
        var next = 0
        var tags: [[UInt8]]
        var failure: S3Error?
        var threads = 1
    }

    /// Amazon S3, "Uploading and copying objects using multipart upload".
    func sendParts(of partSize: Int) throws(S3Error) {
        let clock = Int(Clock.epochMilliseconds / 1000)
        let begun = try post([UInt8]("uploads="), [])
        guard let id = S3Error.element("UploadId", in: begun.body), !id.isEmpty else {
            throw S3Error(
                Failure("Storage.WriteFailed", [UInt8]("the storage began an upload in parts and did not say which")))
        }
        let upload = [UInt8]("uploadId=") + id.percentEncoded()
        do throws(S3Error) {
            let tags = try sendAll((size + partSize - 1) / partSize, partSize, upload)
            do throws(S3Error) { try complete(upload, tags) } catch {
                // An answer that was lost may have been that it is done; then the next one is that there is none any more.
                let begin = begun["date"].flatMap(AWSTime.unixTime(ofField:)) ?? clock
                guard error.isCode("NoSuchUpload"), isWhole(tags.count, since: begin) else { throw error }
            }
        } catch {
            // Parts that nobody completes are paid for until somebody looks.
            abort(upload)
            throw error
        }
    }

    /// Puts the parts together.
    private func complete(_ upload: [UInt8], _ tags: [[UInt8]]) throws(S3Error) {
        var answer = try post(upload, Self.document(tags))
        // This one may say no after it has said yes: the status comes first, the work takes long.
        for _ in 0..<3 where S3Error.element("Code", in: answer.body) != nil && S3Error(answer, nil).isTransient {
            answer = try post(upload, Self.document(tags))
        }
        if S3Error.element("Code", in: answer.body) != nil { throw S3Error(answer, nil) }
    }

    /// Whether an upload has become the object. S3 ends the tag of such objects with the number of parts, and dates them
    /// from the upload's beginning: one that was there before is older.
    private func isWhole(_ parts: Int, since begin: Int) -> Bool {
        let head = try? storage.send(until: deadline) {
            S3Storage.Request(method: "HEAD", bucket: bucket, key: key)
        }
        guard let head, head["content-length"]?.decimalValue == size, let tag = head["etag"],
            let time = head["last-modified"].flatMap(AWSTime.unixTime(ofField:))
        else { return false }
        var end = [UInt8]("-")
        end.append(decimal: parts)
        return tag.filter { $0 != UInt8(ascii: "\"") }.suffix(end.count).elementsEqual(end) && time >= begin - 1
    }

    private func abort(_ upload: [UInt8]) {
        // A little of what is kept for the answer, when all else is used up.
        let patience = max(deadline, Clock.nanoseconds) + 200_000_000
        _ = try? storage.send(until: patience) {
            S3Storage.Request(method: "DELETE", bucket: bucket, key: key, query: upload)
        }
    }

    /// Sends the parts, a few at a time; their tags in order. After the first failure no new part begins.
    private func sendAll(_ count: Int, _ partSize: Int, _ upload: [UInt8]) throws(S3Error) -> [[UInt8]] {
        let parts = Guarded(Parts(tags: [[UInt8]](repeating: [], count: count)))
        let work: @Sendable () -> Void = {
            while let index = take(parts, count) {
                do throws(S3Error) {
                    let tag = try sendPart(index, partSize, upload)
                    parts.withLock { $0.tags[index] = tag }
                } catch {
                    parts.withLock { if $0.failure == nil { $0.failure = error } }
                }
            }
            parts.withLock { $0.threads -= 1 }
        }
        for _ in 1..<min(Self.mostThreads, count) {
            parts.withLock { $0.threads += 1 }
            // Fewer threads do the same work.
            if !BackgroundThread.start(work) { parts.withLock { $0.threads -= 1 } }
        }
        work()
        let done = parts.wait { $0.threads == 0 ? $0 : nil }
        if let failure = done?.failure { throw failure }
        return done?.tags ?? []
    }

    private func take(_ parts: Guarded<Parts>, _ count: Int) -> Int? {
        parts.withLock { parts in
            guard parts.failure == nil, parts.next < count else { return nil }
            parts.next += 1
            return parts.next - 1
        }
    }

    private func sendPart(_ index: Int, _ partSize: Int, _ upload: [UInt8]) throws(S3Error) -> [UInt8] {
        var query = [UInt8]("partNumber=")
        query.append(decimal: index + 1)
        query += [UInt8]("&") + upload
        let offset = index * partSize
        let answer = try sendStretch(query, offset, min(partSize, size - offset))
        guard let tag = answer["etag"] else {
            throw S3Error(Failure("Storage.WriteFailed", [UInt8]("the storage took a part and gave no tag for it")))
        }
        return tag
    }

    private static func document(_ tags: [[UInt8]]) -> [UInt8] {
        var text = [UInt8]("<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">")
        for (index, tag) in tags.enumerated() {
            text.append("<Part><PartNumber>")
            text.append(decimal: index + 1)
            text.append("</PartNumber><ETag>")
            text += tag.replacing([UInt8]("&"), with: "&amp;").replacing([UInt8]("<"), with: "&lt;")
                .replacing([UInt8](">"), with: "&gt;")
            text.append("</ETag></Part>")
        }
        text.append("</CompleteMultipartUpload>")
        return text
    }
}
