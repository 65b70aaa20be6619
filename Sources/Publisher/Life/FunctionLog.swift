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
        // Events of the last moment come again with the next question.
        var seen: Set<String> = []
        while true {
            let events = try events(since: since, filter: nil, streams: nil)
            for event in events where seen.insert(event.id).inserted { try body(event) }
            if let last = events.map(\.time).max(), last > since {
                // Logs of different sandboxes arrive late and out of order: ten seconds are asked for again.
                since = max(since, last - 10_000)
                let recent = since
                seen.formIntersection(events.filter { $0.time >= recent }.map(\.id))
            }
            guard follow else { return }
            guard time(.seconds(2)) else { throw Cancelled() }
        }
    }

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
        var (tokens, token) = (PageTokens(), String?.none)
        repeat {
            try Cancellation.check()
            do throws(AWSError) {
                let page = try logs.events(group, since: since, filter: filter, streams: streams, after: token)
                found += page.events
                token = try tokens.next(page.next, after: "FilterLogEvents")
            } catch {
                guard error.isNotFound else { throw error }
                throw PublishError(
                    .notFound, "there is no log group \(group)", hint: "‘scar-build ls’ lists what is published")
            }
        } while token != nil
        return found.sorted { $0.time < $1.time }
    }
}
