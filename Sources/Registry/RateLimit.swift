internal import Transport

/// How many pulls a registry still allows, as it says with its answers.
///
/// docs.docker.com, "Docker Hub usage and limits"; IETF draft-ietf-httpapi-ratelimit-headers.
struct RateLimit: Equatable {
    let limit: Int
    let remaining: Int
    /// Seconds over which pulls are counted; nil when the registry does not say.
    let window: Int?
    /// Seconds until there are as many as at first; nil when the registry does not say.
    let reset: Int?

    /// Nil when the answer says nothing, or nothing that makes sense.
    init?(_ headers: HTTPHeaders) {
        guard let limit = Self.value(headers["ratelimit-limit"]),
            let remaining = Self.value(headers["ratelimit-remaining"]), limit.count > 0, remaining.count <= limit.count
        else { return nil }
        self.limit = limit.count
        self.remaining = remaining.count
        window = remaining.window ?? limit.window
        reset = Self.value(headers["ratelimit-reset"])?.count
    }

    /// Whether a person should hear of it: a build takes a handful of pulls, and the next ones may not be there.
    var matters: Bool { remaining * 5 <= limit }

    var description: String {
        var text = "\(remaining) of \(limit) pulls left"
        if let reset {
            text += ", resets in \(Self.time(reset))"
        } else if let window {
            text += ", counted over \(Self.time(window))"
        }
        return text
    }

    /// `100;w=21600`.
    private static func value(_ field: String?) -> (count: Int, window: Int?)? {
        guard let field, field.utf8.count <= 100 else { return nil }
        let parts = field.split(separator: ";").map { $0.filter { $0 != " " } }
        guard let first = parts.first, let count = Int(first), (0...1_000_000_000).contains(count) else { return nil }
        let window = parts.dropFirst().first { $0.hasPrefix("w=") }.flatMap { Int($0.dropFirst(2)) }
        return (count, window.flatMap { (1...100_000_000).contains($0) ? $0 : nil })
    }

    private static func time(_ seconds: Int) -> String {
        switch seconds {
        case ..<120: "\(seconds) s"
        case ..<7200: "\(seconds / 60) min"
        default: "\(seconds / 3600) h"
        }
    }
}
