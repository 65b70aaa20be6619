internal import Signing

/// Times as AWS writes them: seconds since 1970 on our side, ISO 8601 in UTC on theirs.
package enum Timestamp {
    /// `20150830T123600Z`, as signatures have it.
    package static func compact(_ seconds: Int) -> String {
        String(decoding: AWSTime.compact(seconds), as: UTF8.self)
    }

    /// `2015-08-30T12:36:00.000Z`, as S3 events have it.
    package static func extended(_ seconds: Int, milliseconds: Int = 0) -> String {
        let text = Array(compact(seconds))
        let date = String(text[0..<4]) + "-" + String(text[4..<6]) + "-" + String(text[6..<8])
        let time = String(text[9..<11]) + ":" + String(text[11..<13]) + ":" + String(text[13..<15])
        let fraction = String(repeating: "0", count: max(0, 3 - String(milliseconds).count)) + String(milliseconds)
        return "\(date)T\(time).\(fraction)Z"
    }

    /// Reads `2015-08-30T12:36:00Z` and what is like it. Nil when it is none.
    package static func unixTime(parsing text: String) -> Int? { AWSTime.unixTime(parsing: Array(text.utf8)) }
}
