#if !hasFeature(Embedded)
    internal import JSON
#endif

/// What an event asks for.
package enum Event: Sendable, Equatable {
    /// Objects have arrived in a storage; every record counts.
    case objects([ObjectRecord])
    /// An HTTP request, or a call in its form: the body is the input.
    case request(body: [UInt8])
    /// Anything else: the event itself is the input.
    case direct

    /// A record of a storage event.
    package struct ObjectRecord: Sendable, Equatable {
        package var bucket: [UInt8]
        /// Decoded.
        package var key: [UInt8]
        /// When it happened, as the storage says it.
        package var time: [UInt8]
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
            bucket: [UInt8], key: [UInt8], time: [UInt8] = [], event: [UInt8]? = nil, refusal: Refusal? = nil
        ) {
            self.event = event
            self.bucket = bucket
            self.key = key
            self.time = time
            self.refusal = refusal
        }
    }

    /// Looks at an event's bytes. Any bytes are an event; what is no JSON is a direct one.
    ///
    /// - Parameters:
    ///   - bytes: the event.
    ///   - inputs: the function's inputs; empty to take all objects.
    package static func classify(_ bytes: [UInt8], inputs: [LaunchSpec.Channel]) throws(Failure) -> Event {
        let json: JSON
        do throws(JSONError) {
            json = try JSON.parse(bytes, limits: JSONLimits(bytes: 64 << 20, depth: 64, values: 500_000))
        } catch {
            return .direct
        }
        if let records = json["Records"]?.array, records.contains(where: isStorage) {
            var objects: [ObjectRecord] = []
            for record in records {
                objects.append(try object(record, inputs))
                guard records.count > 1 else { break }
                objects[objects.count - 1].event = JSON.object([("Records", .array([record]))]).text()
            }
            return .objects(objects)
        }
        guard isRequest(json) else { return .direct }
        return .request(body: try body(json))
    }

    private static func isStorage(_ record: JSON) -> Bool {
        guard let source = record["eventSource"]?.utf8 else { return false }
        return source.isEqual(to: "aws:s3") || source.isEqual(to: "minio:s3")
    }

    private static func object(
        _ record: JSON, _ inputs: [LaunchSpec.Channel]
    ) throws(Failure) -> ObjectRecord {
        guard isStorage(record) else { return ObjectRecord(bucket: [], key: [], refusal: .otherKind) }
        guard let storage = record["s3"], let bucket = storage["bucket"]?["name"]?.utf8,
            let key = storage["object"]?["key"]?.utf8
        else {
            throw Failure("Event.Malformed", [UInt8]("a record of the storage event names no bucket or no object"))
        }
        var object = ObjectRecord(bucket: bucket, key: key.formDecoded, time: record["eventTime"]?.utf8 ?? [])
        object.refusal = refusal(of: object, named: record["eventName"]?.utf8, inputs)
        return object
    }

    private static func refusal(
        of object: ObjectRecord, named name: [UInt8]?, _ inputs: [LaunchSpec.Channel]
    ) -> ObjectRecord.Refusal? {
        // Written with and without the service in front.
        if let name, !name.starts(with: [UInt8]("ObjectCreated:")), !name.starts(with: [UInt8]("s3:ObjectCreated:")) {
            return .otherKind
        }
        if object.key.last == UInt8(ascii: "/") { return .folder }
        return inputs.isEmpty || inputs.contains { $0.takes(object) } ? nil : .unwanted
    }

    /// A function URL or API Gateway, in either payload format, or somebody who writes events in their form.
    private static func isRequest(_ json: JSON) -> Bool {
        guard json.members != nil else { return false }
        return json["httpMethod"]?.utf8 != nil || json["requestContext"]?["http"]?.members != nil
            || (json["body"] != nil && json["isBase64Encoded"]?.bool != nil)
    }

    private static func body(_ json: JSON) throws(Failure) -> [UInt8] {
        guard let body = json["body"], !body.isNull else { return [] }
        // A body that is JSON itself comes from those who write events by hand.
        guard let text = body.utf8 else { return body.text() }
        guard json["isBase64Encoded"]?.bool == true else { return text }
        guard let bytes = Base64.decode(text) else {
            throw Failure("Event.BadBase64", [UInt8]("the event says that its body is base64, and it is not"))
        }
        return bytes
    }
}

extension LaunchSpec.Channel {
    /// Whether an object lies in this input's folder and its name passes the filters.
    func takes(_ object: Event.ObjectRecord) -> Bool {
        guard bucket == object.bucket else { return false }
        let folder = folder
        guard folder.isEmpty || object.key.starts(with: folder + [UInt8(ascii: "/")]) else { return false }
        return accepts(name: object.key.lastComponent)
    }
}
