/// A time as zip archives hold it: MS-DOS date and time in UTC, in steps of two seconds (APPNOTE.TXT, 4.4.6).
package struct ZipTime: Sendable, Equatable {
    /// Two bytes each, as they stand in a header.
    let date: UInt16
    let time: UInt16

    /// 1980-01-01 00:00:00, the first time there is.
    package static let earliest = ZipTime(secondsSinceEpoch: 0)

    /// The time of a Unix clock, such as `SOURCE_DATE_EPOCH`; what lies outside 1980 to 2107 becomes the nearest end.
    package init(secondsSinceEpoch seconds: Int) {
        // 315532800 is 1980-01-01 and 4354819198 is 2107-12-31 23:59:58.
        let seconds = min(max(seconds, 315_532_800), 4_354_819_198)
        let (year, month, day) = Self.civil(days: seconds / 86_400)
        let second = seconds % 86_400
        date = UInt16((year - 1980) << 9 | month << 5 | day)
        time = UInt16((second / 3600) << 11 | (second / 60 % 60) << 5 | (second % 60) / 2)
    }

    /// The Gregorian date of a day since 1970-01-01, counted in eras of 400 years that begin in March.
    private static func civil(days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }
}
