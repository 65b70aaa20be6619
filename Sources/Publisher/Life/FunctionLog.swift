package import AWS
internal import ByteKit
internal import Transport

/// What a function said.
package struct FunctionLog: Sendable {
    private let group: String
    private let logs: LogsAPI
    private let time: @Sendable (Duration) -> Bool

    package init(_ function: String, _ client: AWSClient) {
        self.init(group: Session.logGroup(function), client)
    }

    init(group: String, _ client: AWSClient) {
        self.group = group
        logs = LogsAPI(client)
        time = client.time.sleep
    }

    /// Gives every event in order of time, and goes on with new ones when `follow` is set, until stopped.
    package func forEach(since start: Int, follow: Bool, _ body: (LogsAPI.Event) throws -> Void) throws {
        var since = start
        var last = start
        // Events of the last moment come again with the next question. What each time of an event was says which.
        var seen: [String: Int] = [:]
        while true {
            // The service has them in order, so a page is shown when it is there: a log may be larger than memory.
            try forEachPage(since: since, filter: nil, streams: nil) { events in
                for event in events where seen.updateValue(event.time, forKey: event.id) == nil { try body(event) }
                last = max(last, events.last?.time ?? last)
                let recent = last - Self.overlap
                seen = seen.filter { $0.value >= recent }
            }
            since = max(since, last - Self.overlap)
            guard follow else { return }
            guard time(.seconds(2)) else { throw Cancelled() }
        }
    }

    /// Logs of different sandboxes arrive late and out of order: so many milliseconds are asked for again.
    private static let overlap = 10_000

    /// What one call said. The function's own lines do not name the call: they stand between the lines of Lambda's that
    /// do, in the log of one sandbox.
    package func events(ofRequest id: String) throws -> [LogsAPI.Event] {
        let word = id.filter { $0.isLetter || $0.isNumber || $0 == "-" }
        let marks = try events(since: nil, filter: "\"\(word)\"", streams: nil)
        guard let first = marks.first else { return [] }
        let all = try events(since: first.time, filter: nil, streams: first.stream).filter { $0.stream == first.stream }
        var found: [LogsAPI.Event] = []
        for event in all {
            let isMark = event.message.contains(id)
            if found.isEmpty && !isMark { continue }
            if !isMark && event.message.hasPrefix("START RequestId:") { break }
            found.append(event)
            if isMark && event.message.hasPrefix("REPORT RequestId:") { break }
        }
        return found
    }

    /// Everything in one stream.
    func events(ofStream stream: String) throws -> [LogsAPI.Event] {
        try events(since: nil, filter: nil, streams: stream).filter { $0.stream == stream }
    }

    private func events(since: Int?, filter: String?, streams: String?) throws -> [LogsAPI.Event] {
        var found: [LogsAPI.Event] = []
        try forEachPage(since: since, filter: filter, streams: streams) { found += $0 }
        return found.sorted { $0.time < $1.time }
    }

    /// Gives events page by page, each in order of time.
    private func forEachPage(
        since: Int?, filter: String?, streams: String?, _ body: ([LogsAPI.Event]) throws -> Void
    ) throws {
        var (tokens, token) = (PageTokens(), String?.none)
        repeat {
            try Cancellation.check()
            let events: [LogsAPI.Event]
            do throws(AWSError) {
                let page = try logs.events(group, since: since, filter: filter, streams: streams, after: token)
                token = try tokens.next(page.next, after: "FilterLogEvents")
                events = page.events
            } catch {
                guard error.isNotFound else { throw error }
                throw PublishError(
                    .notFound, "there is no log group \(group)", hint: "‘scar-build ls’ lists what is published")
            }
            try body(events.sorted { $0.time < $1.time })
        } while token != nil
    }
}
