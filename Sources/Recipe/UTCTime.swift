internal import Calendar

/// Seconds as people write them: `2026-01-01T00:00:00Z`.
///
/// RFC 3339, in UTC and without fractions, so that a second has one text and a text one second.
package enum UTCTime {
    /// The seconds since 1970 of a time from year 0000 to 9999; nil for anything else, leap seconds included.
    package static func parse(_ text: String) -> Int? {
        let bytes = Array(text.utf8)
        let form = Array("0000-00-00T00:00:00Z".utf8)
        guard bytes.count == form.count else { return nil }
        var numbers = [0]
        for (byte, model) in zip(bytes, form) {
            if model != UInt8(ascii: "0") {
                guard byte == model else { return nil }
                numbers.append(0)
            } else {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                numbers[numbers.count - 1] = numbers[numbers.count - 1] * 10 + Int(byte - UInt8(ascii: "0"))
            }
        }
        let time = CivilTime(
            year: numbers[0], month: numbers[1], day: numbers[2], hour: numbers[3], minute: numbers[4],
            second: numbers[5])
        return time.exists ? time.secondsSince1970 : nil
    }

    /// The text of a second between the years 0000 and 9999.
    package static func text(_ seconds: Int) -> String {
        let time = CivilTime(secondsSince1970: seconds)
        let date = [pad(time.year, 4), pad(time.month, 2), pad(time.day, 2)].joined(separator: "-")
        return date + "T" + [pad(time.hour, 2), pad(time.minute, 2), pad(time.second, 2)].joined(separator: ":") + "Z"
    }

    private static func pad(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
