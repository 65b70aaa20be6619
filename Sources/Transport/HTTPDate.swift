internal import Calendar

/// Dates in header fields. RFC 9110, section 5.6.7.
package enum HTTPDate {
    /// Seconds since 1970 of a date in any of the three forms; nil when it is none.
    ///
    /// All fields are numbers or names at known places once commas and dashes are spaces, so one reading serves all.
    package static func unixTime(parsing text: String) -> Int? {
        guard text.utf8.count <= 64 else { return nil }
        var words = text.split { " ,-".contains($0) }.dropFirst().map(String.init)
        guard words.count >= 4 else { return nil }
        // asctime puts the month before the day and the year last: Nov  6 08:49:37 1994
        if month(words[0]) != nil { words = [words[1], words[0], words[3], words[2]] }
        guard let day = number(words[0], 1...31), let month = month(words[1]), var year = number(words[2], 0...9999)
        else { return nil }
        if words[2].utf8.count == 2 { year += year < 70 ? 2000 : 1900 }
        let clock = words[3].split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard clock.count == 3, let hour = number(clock[0], 0...23), let minute = number(clock[1], 0...59),
            let second = number(clock[2], 0...60)
        else { return nil }
        return CivilTime(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
            .secondsSince1970
    }

    /// The wait that a `Retry-After` field asks for: seconds, or a date. RFC 9110, section 10.2.3.
    package static func retryAfter(_ text: String?, unixTime now: Int) -> Duration? {
        guard let text else { return nil }
        if let seconds = number(text, 0...(1 << 31)) { return .seconds(seconds) }
        return unixTime(parsing: text).map { .seconds(max(0, $0 - now)) }
    }

    private static func number(_ text: String, _ range: ClosedRange<Int>) -> Int? {
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let number = Int(text),
            range.contains(number)
        else { return nil }
        return number
    }

    private static func month(_ name: String) -> Int? {
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"].firstIndex(of: name).map {
            $0 + 1
        }
    }
}
