import Calendar
import Testing

@Suite("A second in the calendar") struct CivilTimeTests {
    @Test(
        "is the one that everybody takes it for",
        arguments: [
            (CivilTime(year: 1970, month: 1, day: 1, hour: 0, minute: 0, second: 0), 0),
            (CivilTime(year: 1969, month: 12, day: 31, hour: 23, minute: 59, second: 59), -1),
            (CivilTime(year: 2000, month: 2, day: 29, hour: 23, minute: 59, second: 59), 951_868_799),
            (CivilTime(year: 2100, month: 3, day: 1, hour: 0, minute: 0, second: 0), 4_107_542_400),
            (CivilTime(year: 0, month: 1, day: 1, hour: 0, minute: 0, second: 0), -62_167_219_200),
            (CivilTime(year: -400, month: 2, day: 29, hour: 0, minute: 0, second: 0), -74_784_902_400),
            (CivilTime(year: 9999, month: 12, day: 31, hour: 23, minute: 59, second: 59), 253_402_300_799),
        ])
    func known(time: CivilTime, seconds: Int) {
        #expect(CivilTime(secondsSince1970: seconds) == time)
        #expect(time.secondsSince1970 == seconds)
        #expect(time.exists)
    }

    @Test("comes back from every day of four hundred years, each the day after the last")
    func days() {
        var last = CivilTime(secondsSince1970: -1)
        for day in 0..<146_097 {
            let time = CivilTime(secondsSince1970: day * 86_400)
            #expect(time.secondsSince1970 == day * 86_400)
            let isNext = time.year == last.year && time.month == last.month && time.day == last.day + 1
            #expect(isNext || (time.day == 1 && last.day >= 28))
            last = time
        }
    }

    @Test("is counted on from an end, and is then none that exists")
    func beyond() {
        let leap = CivilTime(year: 2016, month: 12, day: 31, hour: 23, minute: 59, second: 60)
        #expect(leap.secondsSince1970 == 1_483_228_800)
        #expect(!leap.exists)
        for (month, day) in [(2, 30), (4, 31), (1, 0), (0, 1), (13, 1)] {
            #expect(!CivilTime(year: 2026, month: month, day: day, hour: 0, minute: 0, second: 0).exists)
        }
        #expect(!CivilTime(year: 2100, month: 2, day: 29, hour: 0, minute: 0, second: 0).exists)
        #expect(!CivilTime(year: 2026, month: 1, day: 1, hour: 24, minute: 0, second: 0).exists)
    }
}
