internal import ByteKit
internal import JSON
internal import Transport

/// Events and answers of calls, as people meet them.
package enum Invocation {
    /// Bytes of an event that somebody waits for (Lambda, "Quotas").
    package static let largest = 6 << 20
    /// Bytes of an event that nobody waits for.
    package static let largestAsynchronous = 1 << 20

    /// Refuses what Lambda would refuse, before it is sent.
    package static func check(_ event: [UInt8], isAsynchronous: Bool) throws(PublishError) {
        let limit = isAsynchronous ? largestAsynchronous : largest
        guard event.count <= limit else {
            throw PublishError(
                .limit, "the event has \(event.count) bytes, and Lambda takes \(limit)",
                hint: isAsynchronous
                    ? "call it and wait, or put the content into a bucket" : "put the content into a bucket")
        }
        do throws(JSONError) {
            _ = try JSON.parse(event, limits: JSONLimits(bytes: limit, values: 1_000_000))
        } catch {
            throw PublishError(
                .settings, "the event is not a JSON document: line \(error.position.line), \(error.reason)")
        }
    }

    /// What an answer is about: the body of an HTTP answer, decoded when it says that it is in base 64; a text without its
    /// quotes; everything else as it came.
    package static func content(of answer: [UInt8]) -> [UInt8] {
        guard let json = try? JSON.parse(answer, limits: JSONLimits(bytes: answer.count, values: 1_000_000)) else {
            return answer
        }
        if let text = json.utf8 { return text }
        guard json["statusCode"] != nil, let body = json["body"]?.utf8 else { return answer }
        return json["isBase64Encoded"]?.bool == true ? Base64.decode(body) ?? body : body
    }
}
