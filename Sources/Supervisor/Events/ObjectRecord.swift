#if !hasFeature(Embedded)
    internal import JSON
#endif

/// A record of a storage event.
package struct ObjectRecord: Sendable, Equatable {
    package var bucket: [UInt8]
    /// Decoded.
    package var key: [UInt8]
    /// When it happened, as the storage says it.
    package var time: [UInt8]
    /// The storage it is in: a kind such as `s3` or `minio`, and for a delegated event the provider's name.
    package var provider: [UInt8]
    /// The event as if this had been its only record; nil when it is.
    package var event: [UInt8]?
    /// Why the record is passed over; nil when it is to be handled.
    package var refusal: Refusal?

    package enum Refusal: Sendable, Equatable {
        /// Not a storage's record of an object that came to be.
        case otherKind
        /// A folder's marker.
        case folder
        /// None of the function's inputs takes it.
        case unwanted
    }

    package init(
        bucket: [UInt8], key: [UInt8], time: [UInt8] = [], provider: [UInt8] = [UInt8]("s3"), event: [UInt8]? = nil,
        refusal: Refusal? = nil
    ) {
        self.bucket = bucket
        self.key = key
        self.time = time
        self.provider = provider
        self.event = event
        self.refusal = refusal
    }

    /// What a recipe may call the storage it is in: a provider's name is its kind, or that and a name of its own after a
    /// dot, as in `minio.cluster`.
    var storageNames: [[UInt8]] {
        guard let dot = provider.firstIndex(of: UInt8(ascii: ".")) else { return [provider] }
        return [provider, [UInt8](provider[(dot + 1)...]), [UInt8](provider[..<dot])]
    }

    func from(_ provider: [UInt8]) -> ObjectRecord {
        var record = self
        record.provider = provider
        return record
    }
}

extension Event {
    /// The records of an event of a storage, in any of the forms that S3's and MinIO's have; nil for another event.
    static func storage(_ json: JSON, _ inputs: [LaunchSpec.Channel]) throws(Failure) -> [ObjectRecord]? {
        if let records = json["Records"]?.array, records.contains(where: isStorage) {
            var objects: [ObjectRecord] = []
            for record in records {
                objects.append(try object(record, inputs))
                guard records.count > 1 else { break }
                objects[objects.count - 1].event = JSON.object([("Records", .array([record]))]).text()
            }
            return objects
        }
        if isBusEvent(json) { return [try busObject(json, inputs)] }
        // What S3 sends once to a queue or topic that it is told to use.
        guard json["Event"]?.utf8?.isEqual(to: "s3:TestEvent") == true, let bucket = json["Bucket"]?.utf8
        else { return nil }
        return [ObjectRecord(bucket: bucket, key: [], time: json["Time"]?.utf8 ?? [], refusal: .otherKind)]
    }

    private static func isStorage(_ record: JSON) -> Bool {
        guard let source = record["eventSource"]?.utf8 else { return false }
        return source.isEqual(to: "aws:s3") || source.isEqual(to: "minio:s3")
    }

    private static func object(_ record: JSON, _ inputs: [LaunchSpec.Channel]) throws(Failure) -> ObjectRecord {
        guard isStorage(record) else { return ObjectRecord(bucket: [], key: [], refusal: .otherKind) }
        guard let storage = record["s3"], let bucket = storage["bucket"]?["name"]?.utf8,
            let key = storage["object"]?["key"]?.utf8
        else { throw nameless }
        var object = ObjectRecord(bucket: bucket, key: key.formDecoded, time: record["eventTime"]?.utf8 ?? [])
        if record["eventSource"]?.utf8?.isEqual(to: "minio:s3") == true { object.provider = [UInt8]("minio") }
        // Written with and without the service in front.
        let name = record["eventName"]?.utf8
        let isCreation =
            name == nil || name?.starts(with: [UInt8]("ObjectCreated:")) == true
            || name?.starts(with: [UInt8]("s3:ObjectCreated:")) == true
        object.refusal = refusal(of: object, isCreation, inputs)
        return object
    }

    /// An event of S3 that has come by way of EventBridge. Amazon S3 User Guide, "EventBridge event message structure".
    private static func isBusEvent(_ json: JSON) -> Bool {
        json["source"]?.utf8?.isEqual(to: "aws.s3") == true && json["detail-type"]?.utf8 != nil
    }

    private static func busObject(_ json: JSON, _ inputs: [LaunchSpec.Channel]) throws(Failure) -> ObjectRecord {
        guard let detail = json["detail"], let bucket = detail["bucket"]?["name"]?.utf8 else { throw nameless }
        let isCreation = json["detail-type"]?.utf8?.isEqual(to: "Object Created") == true
        // The key is as it is: unlike S3's own events these encode nothing.
        guard let key = detail["object"]?["key"]?.utf8 else {
            guard !isCreation else { throw nameless }
            return ObjectRecord(bucket: bucket, key: [], refusal: .otherKind)
        }
        var object = ObjectRecord(bucket: bucket, key: key, time: json["time"]?.utf8 ?? [])
        object.refusal = refusal(of: object, isCreation, inputs)
        return object
    }

    private static var nameless: Failure {
        Failure("Event.Malformed", [UInt8]("a record of the storage event names no bucket or no object"))
    }

    private static func refusal(
        of object: ObjectRecord, _ isCreation: Bool, _ inputs: [LaunchSpec.Channel]
    ) -> ObjectRecord.Refusal? {
        guard isCreation else { return .otherKind }
        if object.key.last == UInt8(ascii: "/") { return .folder }
        return inputs.isEmpty || inputs.contains { $0.takes(object) } ? nil : .unwanted
    }
}

extension LaunchSpec.Channel {
    /// Whether an object lies in this input's folder and its name passes the filters.
    func takes(_ object: ObjectRecord) -> Bool {
        guard bucket == object.bucket else { return false }
        let folder = folder
        guard folder.isEmpty || object.key.starts(with: folder + [UInt8(ascii: "/")]) else { return false }
        return accepts(name: object.key.lastComponent)
    }
}
