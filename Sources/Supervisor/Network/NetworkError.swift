#if !hasFeature(Embedded)
    internal import JSON
    internal import SquashFS
#endif

/// Why a request got no answer.
enum NetworkError: Error, Equatable {
    /// The name has no address: what the resolver says.
    case unresolved([UInt8])
    /// The connection failed: the error number.
    case failed(Int32)
    /// The other side does not prove who it is, or TLS failed in another way.
    case untrusted([UInt8])
    /// Nothing moved for as long as the other side was waited for.
    case stalled
    /// The time for all of it is over.
    case outOfTime
    /// The connection ended before the answer did.
    case cutOff
    /// What came is no HTTP that we take.
    case malformed
    /// The answer is longer than any that is expected.
    case tooLong
    /// A file on this side.
    case file(SystemFailure)

    /// Whether the same might succeed a little later.
    var isTransient: Bool {
        switch self {
        case .unresolved, .failed, .stalled, .cutOff, .malformed: true
        case .untrusted, .outOfTime, .tooLong, .file: false
        }
    }

    /// The end of a sentence.
    var text: [UInt8] {
        switch self {
        case .unresolved(let reason): [UInt8]("its name has no address: ") + reason
        case .failed(let number): SystemFailure(errorNumber: number).text
        case .untrusted(let reason): [UInt8]("it could not be trusted: ") + reason
        case .stalled: [UInt8]("nothing came or went for too long")
        case .outOfTime: [UInt8]("the function’s time is up")
        case .cutOff: [UInt8]("the connection ended in the middle")
        case .malformed: [UInt8]("it sent something that is no HTTP answer")
        case .tooLong: [UInt8]("it sent more than is expected")
        case .file(let failure): failure.text
        }
    }
}

/// How long the other side of a connection is waited for.
struct TimeLimit {
    /// Until something must have moved, in nanoseconds; nil for ever.
    var stall: Int64?
    /// When all of it must be over, in nanoseconds of the monotonic clock; nil for never.
    var deadline: Int64?

    /// Until a time at which all must be over. Of what is left of it, a third may pass without anything moving, 20 seconds
    /// at most: who was waited for in vain can then be asked again.
    static func until(_ deadline: Int64) -> TimeLimit {
        let third = max(0, deadline - Clock.nanoseconds) / 3
        return TimeLimit(stall: min(20_000_000_000, max(1_000_000_000, third)), deadline: deadline)
    }

    /// When the next wait must be over.
    var nextDeadline: Int64? {
        guard let stall else { return deadline }
        let next = Clock.nanoseconds + stall
        return min(next, deadline ?? next)
    }

    /// When a connection must be there: another address of the same server may be nearer.
    var connectDeadline: Int64 {
        let next = Clock.nanoseconds + 5_000_000_000
        return min(next, nextDeadline ?? next)
    }

    /// Milliseconds until a time, rounded up; negative for ever, nil when it has passed.
    static func milliseconds(until time: Int64?) -> Int64? {
        guard let time else { return -1 }
        let left = time - Clock.nanoseconds
        return left <= 0 ? nil : left / 1_000_000 + 1
    }

    /// What to say when a wait has been too long.
    var error: NetworkError {
        if let deadline, Clock.nanoseconds >= deadline { return .outOfTime }
        return .stalled
    }
}
