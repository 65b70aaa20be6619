#if !hasFeature(Embedded)
    internal import JSON
#endif

/// What the function answers a storage's events with.
package enum Answer {
    /// An object that was read or written.
    package struct Object: Sendable {
        /// Which of the function's storages it is in.
        package var storage = [UInt8]("s3")
        package var bucket: [UInt8]
        package var key: [UInt8]
        package var size: Int

        var json: JSON {
            .object([
                ("bucket", .utf8(bucket.validUTF8)), ("key", .utf8(key.validUTF8)), ("size", .integer(size)),
            ])
        }
    }

    /// A job of AWS Batch that an event was handed over to.
    struct Job {
        var name: [UInt8]
        var id: [UInt8]
        /// How many children it has; 1 is an ordinary job.
        var size: Int

        var json: JSON {
            .object([
                ("jobName", .utf8(name)), ("jobId", .utf8(id.validUTF8)), ("size", .integer(size)),
            ])
        }
    }

    /// What a storage event has led to.
    struct Summary {
        var inputs: [Object] = []
        var outputs: [Object] = []
        var jobs: [Job] = []
        var ignored: [ObjectRecord] = []

        func document(nanoseconds: Int64) -> [UInt8] {
            var seconds: [UInt8] = []
            seconds.append(nanosecondsAsSeconds: nanoseconds)
            var members: [(name: StaticString, json: JSON)] = [
                ("outputs", .array(outputs.map { $0.json })), ("inputs", .array(inputs.map { $0.json })),
            ]
            if !jobs.isEmpty { members.append(("jobs", .array(jobs.map { $0.json }))) }
            if !ignored.isEmpty { members.append(("ignored", .array(ignored.map(Self.json)))) }
            members.append(("seconds", JSON(.number(seconds))))
            return JSON.object(members).text()
        }

        private static func json(_ record: ObjectRecord) -> JSON {
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
}
