package import ByteKit

/// An error that can say how long to wait before trying again.
package protocol RetriableError: DiagnosableError {
    /// What the server asked for; nil when it did not say.
    var retryAfter: Duration? { get }
}

/// Time as retries and expiries see it, so that tests need not wait.
package struct TimeSource: Sendable {
    /// Time since some fixed moment; it never goes back.
    package var now: @Sendable () -> Duration
    /// Seconds since 1970, UTC.
    package var unixTime: @Sendable () -> Int
    /// Waits; false when the person asked to stop.
    package var sleep: @Sendable (Duration) -> Bool
    /// A number from 0 up to 1, to keep clients from coming back all at once.
    package var jitter: @Sendable () -> Double

    package init(
        now: @escaping @Sendable () -> Duration, unixTime: @escaping @Sendable () -> Int,
        sleep: @escaping @Sendable (Duration) -> Bool, jitter: @escaping @Sendable () -> Double
    ) {
        self.now = now
        self.unixTime = unixTime
        self.sleep = sleep
        self.jitter = jitter
    }
}

/// When to try again what failed for a reason that may pass.
package struct RetryPolicy: Sendable {
    /// How often something is tried in all without getting any further.
    package var attempts = 5
    package var firstDelay: Duration = .milliseconds(300)
    package var longestDelay: Duration = .seconds(20)
    /// A server that asks for more patience than this is not waited for.
    package var longestRetryAfter: Duration = .seconds(120)
    package var time: TimeSource

    package init(time: TimeSource = .system) {
        self.time = time
    }

    /// Runs `attempt` until it succeeds, fails for good, or has failed too often.
    ///
    /// - Parameter madeProgress: asked after each failure whether the attempt got further than those before; if so,
    ///   the count of attempts begins again.
    package func run<Value, Failure: RetriableError>(
        madeProgress: () -> Bool = { false }, _ attempt: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        var failures = 0
        while true {
            do throws(Failure) {
                return try attempt()
            } catch {
                failures = madeProgress() ? 1 : failures + 1
                guard error.isTransient, failures < attempts,
                    let delay = delay(afterFailures: failures, retryAfter: error.retryAfter), time.sleep(delay)
                else { throw error }
            }
        }
    }

    /// How long to wait after the nth failure in a row; nil to give up.
    package func delay(afterFailures failures: Int, retryAfter: Duration?) -> Duration? {
        if let retryAfter {
            guard retryAfter <= longestRetryAfter else { return nil }
            return max(retryAfter, firstDelay)
        }
        let grown = firstDelay * (1 << min(max(failures - 1, 0), 16))
        return min(grown, longestDelay) * (0.5 + time.jitter() / 2)
    }
}
