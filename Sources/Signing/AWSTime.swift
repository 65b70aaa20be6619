#if !hasFeature(Embedded)
    internal import JSON
#endif

/// Times as AWS writes them: seconds since 1970 on our side, ISO 8601 in UTC on theirs.
package enum AWSTime {
    /// `20150830T123600Z`, as signatures have it.
    package static func compact(_ seconds: Int) -> [UInt8] {
        let day = floorDivide(seconds, 86_400)
        let date = date(ofDay: day)
        let second = seconds - day * 86_400
        return pad(date.year, 4) + pad(date.month, 2) + pad(date.day, 2) + [UInt8(ascii: "T")] + pad(second / 3600, 2)
            + pad(second / 60 % 60, 2) + pad(second % 60, 2) + [UInt8(ascii: "Z")]
    }

    /// Reads `2015-08-30T12:36:00Z`, with or without a fraction, and with an offset or `UTC` instead of the Z. Nil when
    /// it is none.
    package static func unixTime(parsing bytes: [UInt8]) -> Int? {
        guard (20...40).contains(bytes.count), bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            let year = number(bytes[0..<4]), let month = number(bytes[5..<7]), let day = number(bytes[8..<10]),
            let hour = number(bytes[11..<13]), let minute = number(bytes[14..<16]), let second = number(bytes[17..<19]),
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second <= 60
        else { return nil }
        var rest = bytes[19...]
        if rest.first == UInt8(ascii: ".") { rest = rest.dropFirst().drop { (0x30...0x39).contains($0) } }
        guard let offset = offset(rest) else { return nil }
        return (daysSince1970(year, month, day) * 24 + hour) * 3600 + minute * 60 + second - offset
    }

    /// Seconds east of Greenwich.
    private static func offset(_ bytes: ArraySlice<UInt8>) -> Int? {
        if bytes.elementsEqual([UInt8]("Z")) || bytes.elementsEqual([UInt8]("UTC")) { return 0 }
        let digits = bytes.dropFirst().filter { $0 != UInt8(ascii: ":") }
        guard digits.count == 4, let sign = bytes.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"),
            let hours = number(digits[0..<2]), let minutes = number(digits[2..<4])
        else { return nil }
        return (hours * 3600 + minutes * 60) * (sign == UInt8(ascii: "-") ? -1 : 1)
    }

    /// Never more than four digits come here.
    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        var value = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            value = value * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return value
    }

    private static func pad(_ number: Int, _ width: Int) -> [UInt8] {
        var digits: [UInt8] = []
        var rest = number.magnitude
        while rest > 0 || digits.count < width {
            digits.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        }
        return digits.reversed()
    }

    // Both conversions count in years that begin in March, so that the leap day is the last of a year.

    private static func date(ofDay day: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = day + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let march = (5 * dayOfYear + 2) / 153
        let month = march < 10 ? march + 3 : march - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * march + 2) / 5 + 1)
    }

    private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let era = floorDivide(year, 400)
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func floorDivide(_ a: Int, _ b: Int) -> Int { a >= 0 ? a / b : (a - b + 1) / b }
}
