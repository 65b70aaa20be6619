import JSON
import Report
import TestKit
import Testing

@Suite("The account of a build")
struct RemovalAccountTests {
    private static func account(_ rules: String = "", _ lines: String = "") throws -> RemovalAccount? {
        let text = #"{"removed": [\#(rules)], "removals": {"lines": [\#(lines)]}}"#
        return RemovalAccount(
            try JSON.parse([UInt8](text.utf8), limits: JSONLimits(bytes: 64 << 20, values: 2_000_000)))
    }

    private static func many(_ text: String, _ count: Int) -> String {
        repeatElement(text, count: count).joined(separator: ",")
    }

    @Test("that somebody has changed has no figures that overflow a sum, wherever they are summed up")
    func figures() throws {
        let figure = #"{"rule": "r", "files": 9000000000000000000, "bytes": 9000000000000000000}"#
        var survey = try InspectionFixture.inspect([.file("bin/sh", "#!")]).survey
        survey.removals = try Self.account(Self.many(figure, 10_000), Self.many(figure, 10_000))
        let inspection = try Inspection(survey)
        #expect(InspectionFixture.text(InspectionPage(inspection, version: "1").html()).contains("unshownBytes"))
        #expect(InspectionFixture.text(inspection).contains("removed by the build"))
        #expect(survey.removals?.bytes == 10_000 << 40)
    }

    @Test("is no longer than a build's could be")
    func length() throws {
        let account = try Self.account(Self.many("{}", 100_001), Self.many("{}", 100_001))
        #expect(account?.lines.count == 100_000 && account?.rules.count == 100_000)
    }
}
