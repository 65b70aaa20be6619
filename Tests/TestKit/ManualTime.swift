internal import ByteKit
package import Transport

/// Time that passes only when somebody sleeps; it remembers how long each slept.
package final class ManualTime: Sendable {
    private let state = Monitor<(now: Duration, sleeps: [Duration])>((.zero, []))
    /// Seconds since 1970 at the start: 1994-11-06 08:49:37 UTC, the date of RFC 9110's examples.
    package static let start = 784_111_777

    package init() {}

    package var sleeps: [Duration] { state.withLock { $0.sleeps } }

    package func advance(_ duration: Duration) { state.withLock { $0.now += duration } }

    package var source: TimeSource {
        TimeSource(
            now: { self.state.withLock { $0.now } },
            unixTime: { Self.start + Int(self.state.withLock { $0.now } / .seconds(1)) },
            sleep: { duration in
                self.state.withLock { state in
                    state.now += duration
                    state.sleeps.append(duration)
                }
                return true
            },
            jitter: { 1 })
    }
}
