#if !hasFeature(Embedded)
    internal import Calendar
    internal import JSON
#endif

/// Times as AWS writes them: seconds since 1970 on our side, ISO 8601 in UTC on theirs.
package enum AWSTime {
    /// `20150830T123600Z`, as signatures have it.
    package static func compact(_ seconds: Int) -> [UInt8] {
        let time = CivilTime(secondsSince1970: seconds)
        return pad(time.year, 4) + pad(time.month, 2) + pad(time.day, 2) + [UInt8(ascii: "T")] + pad(time.hour, 2)
            + pad(time.minute, 2) + pad(time.second, 2) + [UInt8(ascii: "Z")]
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
        let time = CivilTime(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
        return time.secondsSince1970 - offset
    }

    /// Reads `Sun, 06 Nov 1994 08:49:37 GMT`, as servers write dates in header fields. RFC 9110, section 5.6.7. Nil when it
    /// is none.
    package static func unixTime(ofField bytes: [UInt8]) -> Int? {
        guard bytes.count == 29, bytes[3] == UInt8(ascii: ","), bytes[19] == UInt8(ascii: ":"),
            bytes[22] == UInt8(ascii: ":"), bytes[25...].elementsEqual([UInt8](" GMT")),
            let day = number(bytes[5..<7]), let month = month(bytes[8..<11]), let year = number(bytes[12..<16]),
            let hour = number(bytes[17..<19]), let minute = number(bytes[20..<22]), let second = number(bytes[23..<25]),
            (1...31).contains(day), hour < 24, minute < 60, second <= 60
        else { return nil }
        return CivilTime(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
            .secondsSince1970
    }

    private static func month(_ name: ArraySlice<UInt8>) -> Int? {
        let names = [UInt8]("JanFebMarAprMayJunJulAugSepOctNovDec")
        return (1...12).first { names[(3 * $0 - 3)..<(3 * $0)].elementsEqual(name) }
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
}
