#if !hasFeature(Embedded)
    internal import JSON
#endif

/// A job for AWS Batch that handles an event.
///
/// AWS Batch API Reference, "SubmitJob".
package struct BatchJob: Sendable {
    /// Where the job finds its event.
    package enum Source: Sendable {
        /// The variable `EVENT`.
        case variable([UInt8])
        /// The variable `EVENT_OBJECT`, `bucket/key` of S3.
        case object([UInt8])
    }

    var name: [UInt8]
    var source: Source
    /// How many children it has, each for one object of the event; 1 is an ordinary job.
    var size: Int
    /// The invocation that it continues.
    var requestID: [UInt8]

    /// The longest event that goes into the environment. A request may have 30 KiB, and quotes in JSON count twice there.
    static var longestVariable: Int { 24 << 10 }
    static var longestRequest: Int { 30 << 10 }
    /// AWS Batch User Guide, "Array jobs".
    static var mostChildren: Int { 10_000 }

    /// What is sent.
    func request(_ batch: LaunchSpec.Batch) -> [UInt8] {
        let (variable, value): (StaticString, [UInt8]) =
            switch source {
            case .variable(let event): ("EVENT", event)
            case .object(let object): ("EVENT_OBJECT", object)
            }
        let environment = JSON.array(
            [(variable, value), ("AWS_LAMBDA_REQUEST_ID", requestID)].map { name, value in
                .object([("name", .utf8([UInt8](name))), ("value", .utf8(value))])
            })
        let overrides = JSON.object([("environment", environment)])
        var members: [(name: StaticString, json: JSON)] = [
            ("jobName", .utf8(name)), ("jobQueue", .utf8(batch.queue)), ("jobDefinition", .utf8(batch.definition)),
        ]
        if size > 1 { members.append(("arrayProperties", .object([("size", .integer(size))]))) }
        if batch.nodes > 1 {
            let all = JSON.object([("targetNodes", .utf8([UInt8]("0:"))), ("containerOverrides", overrides)])
            members.append(("nodeOverrides", .object([("nodePropertyOverrides", .array([all]))])))
        } else {
            members.append(("containerOverrides", overrides))
        }
        return JSON.object(members).text()
    }

    /// A name as Batch takes it: 1 to 128 letters, digits, hyphens and underscores, the first a letter or digit.
    static func name(of function: [UInt8], _ requestID: [UInt8]) -> [UInt8] {
        let sound = (function + [UInt8(ascii: "-")] + requestID).map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                byte
            default: UInt8(ascii: "-")
            }
        }
        let start = sound.drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
        return [UInt8](start.prefix(128))
    }
}
