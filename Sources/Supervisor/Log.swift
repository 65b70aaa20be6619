internal import CSupervisor

#if !hasFeature(Embedded)
    internal import Calendar
    internal import JSON
    internal import SquashFS
#endif

/// How much a line matters.
package enum LogLevel: Int, Sendable, CaseIterable {
    case debug, info, warning, error

    /// As recipes and `launch.json` have it.
    var name: StaticString {
        switch self {
        case .debug: "debug"
        case .info: "info"
        case .warning: "warning"
        case .error: "error"
        }
    }

    /// As Lambda's log documents have it.
    var lambdaName: StaticString {
        switch self {
        case .debug: "DEBUG"
        case .info: "INFO"
        case .warning: "WARN"
        case .error: "ERROR"
        }
    }

    /// The level that a value of AWS_LAMBDA_LOG_LEVEL asks for; Lambda knows two more, which we never use.
    package init?(lambda name: [UInt8]) {
        if name.isEqual(to: "TRACE") { self = .debug; return }
        if name.isEqual(to: "FATAL") { self = .error; return }
        for level in Self.allCases where name.isEqual(to: level.lambdaName) {
            self = level
            return
        }
        return nil
    }
}

/// Lines on standard error, which Lambda keeps as the function's log: as text, or a JSON document a line.
package enum Log {
    /// How lines are written. One process is one function and handles one event at a time, so there is one of these.
    package struct Style: Sendable {
        package var isJSON = false
        package var level = LogLevel.info
        /// The event at hand; empty between events.
        package var requestID: [UInt8] = []

        package init() {}

        /// What Lambda asks for, and else the recipe. AWS Lambda Developer Guide, "Configuring advanced logging controls".
        package init(_ level: LogLevel, environment: [[UInt8]]) {
            self.level = level
            isJSON =
                FunctionEnvironment.value(of: "AWS_LAMBDA_LOG_FORMAT", in: environment)?.isEqual(to: "JSON") == true
            let wanted = FunctionEnvironment.value(of: "AWS_LAMBDA_LOG_LEVEL", in: environment)
            if let wanted, let asked = LogLevel(lambda: wanted) { self.level = asked }
        }
    }

    private static let style = Guarded(Style())

    static func begin(_ newStyle: Style) { style.withLock { $0 = newStyle } }
    static func begin(_ requestID: [UInt8]) { style.withLock { $0.requestID = requestID } }

    static func line(_ text: [UInt8], _ level: LogLevel = .info) {
        let style = style.withLock { $0 }
        guard level.rawValue >= style.level.rawValue else { return }
        bytes(style.isJSON ? style.document(text, level) : style.line(text))
    }

    static func line(_ text: StaticString, _ level: LogLevel = .info) { line([UInt8](text), level) }

    /// Bytes as they are.
    static func bytes(_ bytes: [UInt8]) {
        // Nobody can be told when the log cannot be written.
        _ = unsafe csupervisor_write(2, bytes, bytes.count)
    }

    /// The program's own output, from either of its streams: whole lines, or pieces of them.
    static func program(_ stream: ChildProcess.Stream, _ text: [UInt8]) {
        let style = style.withLock { $0 }
        bytes(style.isJSON ? style.documents(text) : text.validUTF8)
    }

    static func failure(_ failure: Failure) {
        line([UInt8](failure.type.text) + [UInt8](": ") + failure.message, .error)
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
        // That is how every sandbox ends.
        line(text, error == .over(410) ? .info : .error)
    }
}

extension Log.Style {
    /// One event, one line, and no terminal's control sequences.
    package func line(_ text: [UInt8]) -> [UInt8] {
        [UInt8]("scar: ") + text.validUTF8.map { $0 < 0x20 || $0 == 0x7f ? UInt8(ascii: " ") : $0 } + [0x0a]
    }

    package func document(_ text: [UInt8], _ level: LogLevel) -> [UInt8] {
        var time: [UInt8] = []
        time.append(timeOf: Clock.epochMilliseconds)
        var members: [(name: StaticString, json: JSON)] = [
            ("timestamp", .utf8(time)), ("level", .utf8([UInt8](level.lambdaName))),
        ]
        if !requestID.isEmpty { members.append(("requestId", .utf8(requestID))) }
        members.append(("message", .utf8(text.validUTF8)))
        return JSON.object(members).text() + [0x0a]
    }

    /// A document for each line of a program's. A line that is a document already stays as it is: programs may have
    /// a log of their own form, and CloudWatch looks for metrics at the top of documents only.
    package func documents(_ text: [UInt8]) -> [UInt8] {
        var documents: [UInt8] = []
        for line in text.split(separator: 0x0a) {
            var line = [UInt8](line)
            if line.last == 0x0d { line.removeLast() }
            guard !line.isEmpty else { continue }
            let isDocument = line.first == UInt8(ascii: "{") && Event.parse(line)?.members != nil
            documents += isDocument ? line + [0x0a] : document(line, .info)
        }
        return documents
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
        append(milliseconds % 1000, digits: 3)
    }

    /// A time in UTC, as RFC 3339 has it: `2026-11-26T19:35:00.123Z`.
    package mutating func append(timeOf milliseconds: Int64) {
        let bounded = Int(Swift.max(0, Swift.min(milliseconds, 4_102_444_800_000 * 10)))
        let time = CivilTime(secondsSince1970: bounded / 1000)
        append(decimal: time.year)
        append("-")
        append(time.month, digits: 2)
        append("-")
        append(time.day, digits: 2)
        append("T")
        append(time.hour, digits: 2)
        append(":")
        append(time.minute, digits: 2)
        append(":")
        append(time.second, digits: 2)
        append(".")
        append(bounded % 1000, digits: 3)
        append("Z")
    }

    private mutating func append(_ number: Int, digits: Int) {
        var divisor = 1
        for _ in 1..<digits { divisor *= 10 }
        while divisor > 0 {
            append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
            divisor /= 10
        }
    }
}
