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
        let (year, month, day) = (numbers[0], numbers[1], numbers[2])
        guard (1...12).contains(month), (1...days(in: month, of: year)).contains(day), numbers[3] < 24,
            numbers[4] < 60, numbers[5] < 60
        else { return nil }
        return (dayNumber(year, month, day) * 24 + numbers[3]) * 3600 + numbers[4] * 60 + numbers[5]
    }

    /// The text of a second between the years 0000 and 9999.
    package static func text(_ seconds: Int) -> String {
        let day = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        let second = seconds - day * 86_400
        // From a guess that is never late, forward: the calendar is stated once, in `dayNumber`.
        var year = 1970 + (day >= 0 ? day / 366 : day / 365 - 1)
        while dayNumber(year + 1, 1, 1) <= day { year += 1 }
        var month = 1
        while month < 12, dayNumber(year, month + 1, 1) <= day { month += 1 }
        let date = [pad(year, 4), pad(month, 2), pad(day - dayNumber(year, month, 1) + 1, 2)]
        let time = [pad(second / 3600, 2), pad(second / 60 % 60, 2), pad(second % 60, 2)]
        return date.joined(separator: "-") + "T" + time.joined(separator: ":") + "Z"
    }

    /// Days since 1970 in the Gregorian calendar.
    private static func dayNumber(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let before = year - 1
        // Year 0 is a leap year, so the days before 1 January of year 0 are counted with a shift of a whole cycle.
        let shifted = before + 400
        let leapDays = shifted / 4 - shifted / 100 + shifted / 400 - 97
        let inYear = (1..<month).reduce(0) { $0 + days(in: $1, of: year) }
        return before * 365 + leapDays + inYear + day - 1 - 719_162
    }

    private static func days(in month: Int, of year: Int) -> Int {
        let isLeap = year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
        return month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
    }

    private static func pad(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
