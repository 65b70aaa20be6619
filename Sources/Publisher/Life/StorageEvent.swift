package import AWS
package import JSON
internal import Transport

/// An event as S3 would send it. Amazon S3 User Guide, "Event message structure".
package enum StorageEvent {
    /// - Parameters:
    ///   - time: seconds since 1970.
    ///   - configuration: what is said to have caused it.
    package static func json(
        bucket: String, arn: String, _ object: S3API.Object, region: String, time: Int, configuration: String
    ) -> JSON {
        let source: [(name: StaticString, json: JSON)] = [
            ("name", .string(bucket)), ("arn", .string(arn)),
        ]
        let thing: [(name: StaticString, json: JSON)] = [
            ("key", .string(key(object.key))), ("size", .integer(object.size)), ("eTag", .string(object.etag)),
        ]
        let storage: [(name: StaticString, json: JSON)] = [
            ("s3SchemaVersion", .string("1.0")), ("configurationId", .string(configuration)),
            ("bucket", .object(source)), ("object", .object(thing)),
        ]
        let record: [(name: StaticString, json: JSON)] = [
            ("eventVersion", .string("2.1")), ("eventSource", .string("aws:s3")), ("awsRegion", .string(region)),
            ("eventTime", .string(Timestamp.extended(time))), ("eventName", .string("ObjectCreated:Put")),
            ("s3", .object(storage)),
        ]
        return .object([("Records", .array([.object(record)]))])
    }

    /// Keys are written as in a form: a space is a plus.
    private static func key(_ key: String) -> String { URL.encode(key, keeping: "/").replacing("%20", with: "+") }
}
