#if !hasFeature(Embedded)
    internal import JSON
#endif

/// What the function answers with when it has done its work.
enum Answer {
    /// An object that was read or written.
    struct Object {
        var bucket: [UInt8]
        var key: [UInt8]
        var size: Int

        var json: JSON {
            .object([
                ("bucket", .utf8(bucket.validUTF8)), ("key", .utf8(key.validUTF8)), ("size", .integer(size)),
            ])
        }
    }

    /// What a storage event has led to.
    struct Summary {
        var inputs: [Object] = []
        var outputs: [Object] = []
        var ignored: [Event.ObjectRecord] = []

        func document(nanoseconds: Int64) -> [UInt8] {
            var seconds: [UInt8] = []
            seconds.append(nanosecondsAsSeconds: nanoseconds)
            var members: [(name: StaticString, json: JSON)] = [
                ("outputs", .array(outputs.map { $0.json })), ("inputs", .array(inputs.map { $0.json })),
            ]
            if !ignored.isEmpty { members.append(("ignored", .array(ignored.map(Self.json)))) }
            members.append(("seconds", JSON(.number(seconds))))
            return JSON.object(members).text()
        }

        private static func json(_ record: Event.ObjectRecord) -> JSON {
            let reason: StaticString =
                switch record.refusal {
                case .folder: "the object marks a folder"
                case .unwanted: "no input of the function takes it"
                case .otherKind, nil: "the record tells of no object that was created"
                }
            return .object([
                ("bucket", .utf8(record.bucket.validUTF8)), ("key", .utf8(record.key.validUTF8)),
                ("reason", .utf8([UInt8](reason))),
            ])
        }
    }

    /// The form that function URLs and API Gateway turn into an HTTP response.
    ///
    /// - Parameters:
    ///   - body: the answer's bytes.
    ///   - isFile: whether they are an output file's, and always go as base64.
    ///   - requestID: the invocation's.
    ///   - environment: the supervisor's variables, where Lambda names the log.
    static func http(
        _ body: [UInt8], isFile: Bool, _ requestID: [UInt8], _ environment: [[UInt8]]
    ) throws(Failure) -> [UInt8] {
        let isEncoded = isFile || !isValidUTF8(body)
        // Before making it: base64 of a gigabyte is no better for being made.
        let size = isEncoded ? body.count / 3 * 4 : body.count
        guard size <= InvocationLoop.responseLimit else { throw .responseTooLarge(size) }
        let type: StaticString = isEncoded ? "application/octet-stream" : "text/plain; charset=utf-8"
        var headers: [(name: StaticString, json: JSON)] = [
            ("Content-Type", .utf8([UInt8](type))), ("amz-lambda-request-id", .utf8(requestID)),
        ]
        if let group = FunctionEnvironment.value(of: "AWS_LAMBDA_LOG_GROUP_NAME", in: environment) {
            headers.append(("amz-log-group-name", .utf8(group.validUTF8)))
        }
        if let stream = FunctionEnvironment.value(of: "AWS_LAMBDA_LOG_STREAM_NAME", in: environment) {
            headers.append(("amz-log-stream-name", .utf8(stream.validUTF8)))
        }
        return JSON.object([
            ("statusCode", .integer(200)), ("headers", .object(headers)),
            ("body", .utf8(isEncoded ? Base64.encode(body) : body)), ("isBase64Encoded", .bool(isEncoded)),
        ]).text()
    }
}
