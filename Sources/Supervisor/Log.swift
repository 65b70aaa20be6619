internal import CSupervisor

#if !hasFeature(Embedded)
    internal import JSON
    internal import SquashFS
#endif

/// Lines on standard error, which Lambda keeps as the function's log.
enum Log {
    static func line(_ text: [UInt8]) {
        var line = [UInt8]("scar: ")
        // One event, one line, and no terminal's control sequences.
        for byte in text { line.append(byte < 0x20 || byte == 0x7f ? UInt8(ascii: " ") : byte) }
        line.append(0x0a)
        bytes(line)
    }

    static func line(_ text: StaticString) { line([UInt8](text)) }

    /// Bytes as they are.
    static func bytes(_ bytes: [UInt8]) {
        // Nobody can be told when the log cannot be written.
        _ = unsafe csupervisor_write(2, bytes, bytes.count)
    }

    /// The program's own output, from either of its streams.
    static func program(_ stream: ChildProcess.Stream, _ text: [UInt8]) { bytes(text) }

    static func failure(_ failure: Failure) {
        line([UInt8](failure.type.text) + [UInt8](": ") + failure.message)
    }

    static func runtimeTrouble(_ error: RuntimeError) {
        var text = [UInt8]("the Lambda runtime interface ")
        switch error {
        case .unreachable(let number): text += [UInt8]("cannot be reached: ") + SystemFailure(errorNumber: number).text
        case .malformed: text.append("sent something that is no answer")
        case .eventTooLong: text.append("sent an event that is too long")
        case .refused(let status):
            text.append("refused with status ")
            text.append(decimal: status)
        case .over(let status):
            text.append("has ended this sandbox with status ")
            text.append(decimal: status)
        }
        line(text)
    }
}

/// Two clocks: one that only goes forward, and the one that deadlines are told by.
enum Clock {
    static var nanoseconds: Int64 { csupervisor_monotonic_nanoseconds() }
    static var epochMilliseconds: Int64 { csupervisor_real_milliseconds() }

    /// Waits, but not past a time of the first clock.
    static func sleep(milliseconds: Int64, until deadline: Int64) {
        csupervisor_sleep(min(milliseconds, max(0, (deadline - nanoseconds) / 1_000_000)))
    }
}

extension [UInt8] {
    /// A span of time in seconds with three decimals.
    mutating func append(nanosecondsAsSeconds nanoseconds: Int64) {
        let milliseconds = Int(Swift.max(0, nanoseconds) / 1_000_000)
        append(decimal: milliseconds / 1000)
        append(UInt8(ascii: "."))
        for divisor in [100, 10, 1] { append(UInt8(ascii: "0") + UInt8(milliseconds / divisor % 10)) }
    }
}
