/// A second in UTC as people name it, in the Gregorian calendar carried on to both sides (ISO 8601).
package struct CivilTime: Sendable, Equatable {
    package let year: Int
    package let month: Int
    package let day: Int
    package let hour: Int
    package let minute: Int
    package let second: Int

    package init(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int) {
        (self.year, self.month, self.day) = (year, month, day)
        (self.hour, self.minute, self.second) = (hour, minute, second)
    }

    package init(secondsSince1970 seconds: Int) {
        let days = floorDivide(seconds, 86_400)
        let ofDay = seconds - days * 86_400
        // Eras of 400 years that begin on 1 March, so that the leap day is the last of a year.
        let shifted = days + Self.daysTo1970
        let era = floorDivide(shifted, Self.daysOfEra)
        let ofEra = shifted - era * Self.daysOfEra
        let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let fromMarch = (5 * ofYear + 2) / 153
        let month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
        self.init(
            year: era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month: month,
            day: ofYear - (153 * fromMarch + 2) / 5 + 1,
            hour: ofDay / 3600, minute: ofDay / 60 % 60, second: ofDay % 60)
    }

    /// What lies beyond a month's, day's or minute's end is counted on from it, as a leap second is.
    package var secondsSince1970: Int {
        let march = month <= 2 ? year - 1 : year
        let era = floorDivide(march, 400)
        let yearOfEra = march - era * 400
        let ofYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        let ofEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + ofYear
        return ((era * Self.daysOfEra + ofEra - Self.daysTo1970) * 24 + hour) * 3600 + minute * 60 + second
    }

    /// Whether the calendar has it: 31 April, 24 o'clock and leap seconds are not.
    package var exists: Bool { self == CivilTime(secondsSince1970: secondsSince1970) }

    private static let daysOfEra = 146_097
    /// From 1 March of the year 0.
    private static let daysTo1970 = 719_468
}

private func floorDivide(_ a: Int, _ b: Int) -> Int { a >= 0 ? a / b : (a - b + 1) / b }
