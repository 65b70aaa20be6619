internal import Calendar

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
        let civil = CivilTime(secondsSince1970: min(max(seconds, 315_532_800), 4_354_819_198))
        date = UInt16((civil.year - 1980) << 9 | civil.month << 5 | civil.day)
        time = UInt16(civil.hour << 11 | civil.minute << 5 | civil.second / 2)
    }
}
