internal import ByteKit
package import Transport

/// Amazon S3's API, as far as functions and their files need it. S3 API reference, 2006-03-01.
package struct S3API: Sendable {
    package let client: AWSClient
    /// Which region a bucket is in, once that is known.
    let regions = Monitor<[String: Region]>([:])
    /// Accounts that buckets must belong to.
    private let owners = Monitor<[String: String]>([:])

    package init(_ client: AWSClient) { self.client = client }

    /// A stored object, as listings have it.
    package struct Object: Sendable, Equatable {
        package var key: String
        package var size: Int
        package var etag: String

        package init(key: String, size: Int, etag: String) {
            self.key = key
            self.size = size
            self.etag = etag
        }
    }

    /// From now on S3 refuses whatever is asked of a bucket that is not this account's. For names that anybody could
    /// work out, and make a bucket of before us.
    package func expect(owner account: String, of bucket: String) { owners.withLock { $0[bucket] = account } }

    // MARK: - Requests

    /// A request about a bucket or one of its objects.
    ///
    /// The bucket is part of the path where the address is a person's own, and part of the host at AWS, except when its
    /// name has dots, which no certificate covers.
    func request(
        _ operation: String, _ method: HTTPMethod, _ bucket: String, _ key: String = "",
        query: [(name: String, value: String)] = [], headers: HTTPHeaders = [:], body: HTTPBody = .none
    ) throws(AWSError) -> AWSRequest {
        var (service, headers) = (Service.s3, headers)
        if operation != "CreateBucket" {
            headers["x-amz-expected-bucket-owner"] = owners.withLock { $0[bucket] }
        }
        let encoded = URL.encode(key, keeping: "/")
        var path = "/\(bucket)" + (key.isEmpty ? "" : "/\(encoded)")
        if try client.configuration.endpoint(.s3) == nil, !bucket.utf8.contains(UInt8(ascii: ".")) {
            service.hostPrefix = "\(bucket).s3"
            path = "/\(encoded)"
        }
        return AWSRequest(service, operation, method, path, query: query, headers: headers, body: body)
    }

    /// The client for the region that a bucket is in.
    func client(for bucket: String) throws(AWSError) -> AWSClient {
        guard let region = try region(of: bucket) else {
            throw AWSError(.service, "there is no bucket ‘\(bucket)’, or it is not yours", code: "NoSuchBucket")
        }
        return client.within(region)
    }

    // MARK: - Buckets

    /// Where a bucket is; nil when there is none of this name. One that may not be looked at is `AccessDenied`.
    package func region(of bucket: String) throws(AWSError) -> Region? {
        if let known = regions.withLock({ $0[bucket] }) { return known }
        let name: String?
        do throws(AWSError) {
            name = try place(of: bucket)
        } catch {
            throw Self.explaining(error, bucket)
        }
        guard let region = name.flatMap({ Region($0) }) else { return nil }
        regions.withLock { $0[bucket] = region }
        return region
    }

    private func place(of bucket: String) throws(AWSError) -> String? {
        do throws(AWSError) {
            let answer = try client.send(try request("HeadBucket", .head, bucket))
            return answer.headers["x-amz-bucket-region"] ?? client.region.name
        } catch {
            if error.isNotFound { return nil }
            // Only the bucket's own region answers with yes; where that is stands in the other answers as well.
            guard error.isService("PermanentRedirect", "BadRequest"), let found = try location(of: bucket)
            else { throw error }
            return found
        }
    }

    /// Names of buckets are shared by all accounts: one that may not be looked at is most likely somebody else's. HEAD has
    /// no body to say so in.
    private static func explaining(_ error: AWSError, _ bucket: String) -> AWSError {
        guard error.isService("AccessDenied") else { return error }
        var error = error
        let words = error.message.isEmpty ? "" : " (\(error.message))"
        error.message = "the bucket ‘\(bucket)’ is another account's, or these credentials may not see it\(words)"
        error.hint =
            "choose another name: those of buckets are shared by all accounts; if it is yours, these credentials need "
            + "s3:ListBucket on it"
        return error
    }

    private func location(of bucket: String) throws(AWSError) -> String? {
        guard let home = Region(client.region.globalRegion) else { return nil }
        let answer = try client.within(home).xml(
            try request("GetBucketLocation", .get, bucket, query: [("location", "")]))
        switch answer.text {
        case "": return home.name
        case "EU": return "eu-west-1"
        default: return answer.text
        }
    }

    /// Makes a bucket, with its tags from the first moment on.
    package func createBucket(_ bucket: String, tags: [String: String]) throws(AWSError) {
        var document = XML(
            "CreateBucketConfiguration",
            attributes: [XML.Attribute("xmlns", "http://s3.amazonaws.com/doc/2006-03-01/")])
        // The first region is the one that must not be named.
        if client.region.name != "us-east-1" {
            document.children.append(XML("LocationConstraint", text: client.region.name))
        }
        document.children.append(XML("Tags", Self.elements(tags)))
        do throws(AWSError) {
            _ = try client.send(
                try request("CreateBucket", .put, bucket, body: .bytes(document.document)))
        } catch {
            guard error.isService("BucketAlreadyOwnedByYou") else { throw error }
        }
        regions.withLock { $0[bucket] = client.region }
    }

    package func deleteBucket(_ bucket: String) throws(AWSError) {
        do throws(AWSError) {
            _ = try client(for: bucket).send(try request("DeleteBucket", .delete, bucket))
        } catch {
            guard error.isNotFound else { throw error }
        }
        regions.withLock { $0[bucket] = nil }
    }

    package func tags(of bucket: String) throws(AWSError) -> [String: String] {
        do throws(AWSError) {
            let answer = try client(for: bucket).xml(
                try request("GetBucketTagging", .get, bucket, query: [("tagging", "")]))
            var tags: [String: String] = [:]
            for tag in answer.find("TagSet")?.all("Tag") ?? [] {
                tags[tag["Key"]?.text ?? ""] = tag["Value"]?.text ?? ""
            }
            return tags
        } catch {
            guard error.isNotFound else { throw error }
            return [:]
        }
    }

    package func setTags(_ tags: [String: String], of bucket: String) throws(AWSError) {
        try put("PutBucketTagging", "tagging", XML("Tagging", [XML("TagSet", Self.elements(tags))]), to: bucket)
    }

    private static func elements(_ tags: [String: String]) -> [XML] {
        tags.sorted { $0.key < $1.key }.map {
            XML("Tag", [XML("Key", text: $0.key), XML("Value", text: $0.value)])
        }
    }

    /// What happens when objects come and go: the whole document, so that what others put there can be kept.
    package func notifications(of bucket: String) throws(AWSError) -> XML {
        try client(for: bucket).xml(
            try request("GetBucketNotificationConfiguration", .get, bucket, query: [("notification", "")]))
    }

    package func setNotifications(_ document: XML, of bucket: String) throws(AWSError) {
        try put("PutBucketNotificationConfiguration", "notification", document, to: bucket)
    }

    private func put(_ operation: String, _ part: String, _ document: XML, to bucket: String) throws(AWSError) {
        let body = document.document
        // S3 wants to be sure that these documents arrive whole.
        let sum = String(decoding: Base64.encode(Digest(of: body).bytes), as: UTF8.self)
        _ = try client(for: bucket).send(
            try request(
                operation, .put, bucket, query: [(part, "")],
                headers: ["content-type": "application/xml", "x-amz-checksum-sha256": sum], body: .bytes(body)))
    }

    // MARK: - Objects

    /// One page of the objects whose key begins with `prefix`, in byte order of the keys.
    package func page(
        _ bucket: String, prefix: String, after: String? = nil, limit: Int = 1000
    ) throws(AWSError) -> (objects: [Object], next: String?) {
        var query: [(name: String, value: String)] = [
            ("list-type", "2"), ("encoding-type", "url"), ("prefix", prefix), ("max-keys", String(limit)),
        ]
        if let after { query.append(("continuation-token", after)) }
        let answer = try client(for: bucket).xml(try request("ListObjectsV2", .get, bucket, query: query))
        var objects: [Object] = []
        for element in answer.all("Contents") {
            let key = PercentEncoding.decode(element["Key"]?.text ?? "", plusIsSpace: true)
            guard let size = Int(element["Size"]?.text ?? "0"), (0...Self.largestObject).contains(size) else {
                throw AWSError(
                    .answer, "S3 lists \(String(decoding: key, as: UTF8.self)) with a size that no object has")
            }
            objects.append(
                Object(
                    key: String(decoding: key, as: UTF8.self), size: size,
                    etag: (element["ETag"]?.text ?? "").filter { $0 != "\"" }))
        }
        guard answer["IsTruncated"]?.text == "true" else { return (objects, nil) }
        guard let next = answer["NextContinuationToken"]?.text else {
            throw AWSError(.answer, "S3 says that there is more to list, and not how to ask for it")
        }
        return (objects, next)
    }

    /// More than S3 stores as one.
    private static let largestObject = 1 << 50

    /// Every object whose key begins with `prefix`.
    package func objects(_ bucket: String, prefix: String) throws(AWSError) -> [Object] {
        var found: [Object] = []
        var (tokens, next) = (PageTokens(), String?.none)
        repeat {
            try Self.checkCancellation()
            let page = try page(bucket, prefix: prefix, after: next)
            found += page.objects
            next = try tokens.next(page.next, after: "ListObjectsV2")
        } while next != nil
        return found
    }

    /// The size of an object; nil when there is none.
    package func size(_ bucket: String, _ key: String) throws(AWSError) -> Int? {
        do throws(AWSError) {
            let answer = try client(for: bucket).send(try request("HeadObject", .head, bucket, key))
            return answer.headers["content-length"].flatMap { Int($0) } ?? 0
        } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
    }

    package func delete(_ bucket: String, _ key: String) throws(AWSError) {
        do throws(AWSError) {
            _ = try client(for: bucket).send(try request("DeleteObject", .delete, bucket, key))
        } catch {
            guard error.isNotFound else { throw error }
        }
    }

    package func put(_ bytes: [UInt8], to bucket: String, _ key: String) throws(AWSError) {
        _ = try client(for: bucket).send(try request("PutObject", .put, bucket, key, body: .bytes(bytes)))
    }

    /// An address that lets whoever has it read or write one object for a time.
    package func presign(_ method: HTTPMethod, _ bucket: String, _ key: String, seconds: Int) throws(AWSError) -> URL {
        let client = try client(for: bucket)
        let request = try request("Presign", method, bucket, key)
        return try client.signer(for: .s3).presign(
            method, try client.url(of: request), seconds: seconds, at: client.serviceTime)
    }

    static func checkCancellation() throws(AWSError) { if Cancellation.isRequested { throw .cancelled } }
}
