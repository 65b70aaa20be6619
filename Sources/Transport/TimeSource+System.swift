internal import ByteKit
internal import Glibc

extension TimeSource {
    /// The machine's own clocks.
    package static let system = TimeSource(
        now: {
            let time = Self.clock(CLOCK_MONOTONIC)
            return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
        },
        unixTime: { Self.clock(CLOCK_REALTIME).tv_sec },
        sleep: { duration in
            // In slices, so that a person who asks to stop does not wait.
            var left = duration
            while left > .zero {
                guard !Cancellation.isRequested else { return false }
                let slice = min(left, .milliseconds(100))
                usleep(UInt32(slice / .microseconds(1)))
                left -= slice
            }
            return !Cancellation.isRequested
        },
        jitter: { Double.random(in: 0..<1) })

    private static func clock(_ id: clockid_t) -> timespec {
        var time = timespec()
        unsafe clock_gettime(id, &time)
        return time
    }
}
