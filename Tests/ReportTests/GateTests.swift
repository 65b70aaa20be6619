import ByteKit
import Report
import TestKit
import Testing

@Suite("Rules for an image")
struct GateTests {
    private static func inspection() throws -> Inspection {
        try InspectionFixture.inspect(
            [.file("a", [UInt8](repeating: 1, count: 3000)), .file("keep", [UInt8](repeating: 2, count: 1000))],
            [.whiteout("a")])
    }

    @Test(
        "hold or do not, by what they say",
        arguments: [
            ("wasted<=3000", true), ("wasted<=2.9kB", false), ("wasted < 3KiB", true), ("removed=3000", true),
            ("removed==3000", true), ("overwritten>0", false), ("efficiency>=0.25", true), ("efficiency>=26%", false),
            ("secrets=0", true), ("layers<=2", true), ("files<2", true), ("unpacked<=1000B", true),
            ("artifact<=1MiB", true), ("diveWasted<=3000", true), ("setuid=0,worldWritable=0,findings=0", true),
        ])
    func rules(text: String, holds: Bool) throws {
        let verdicts = try Gate(parsing: [text]).verdicts(on: try Self.inspection())
        #expect(verdicts.allSatisfy { $0.holds == holds }, "\(verdicts)")
        #expect(!verdicts.isEmpty)
    }

    @Test(
        "that cannot be read are refused",
        arguments: [
            "wasted", "wasted<=", "wasted<=x", "vasted<=1", "wasted<=1XB", "secrets=-1", "efficiency>=.x", "<=1",
            "wasted!1",
        ])
    func malformed(text: String) {
        #expect(throws: ReportError.self) { try Gate(parsing: [text]) }
    }

    @Test("are read from dive's file, whose three rules mean what they mean there")
    func diveFile() throws {
        let file = """
            # dive's rules
            rules:
              lowestEfficiency: 0.95   # a part
              highestWastedBytes: 20MB
              highestUserWastedPercent: "0.20"
            """
        let rules = try DiveRules.parse(Array(file.utf8), path: ".dive-ci")
        #expect(rules.map(\.metric) == [.efficiency, .diveWasted, .diveUserWasted])
        #expect(rules.map(\.limit) == [0.95, 20_000_000, 0.2])
        #expect(try DiveRules.parse(Array("rules:\n  lowestEfficiency: disabled\n".utf8), path: "x") == [])
    }

    @Test(
        "of dive that are none are refused by line",
        arguments: [
            "rules:\n  lowestEfficency: 1\n", "rules:\n  lowestEfficiency: 2\n", "rule:\n", "rules:\n  x\n",
            "  lowestEfficiency: 1\n", "rules:\n  highestWastedBytes: many\n",
        ])
    func malformedDiveFile(text: String) {
        let error = #expect(throws: ReportError.self) { try DiveRules.parse(Array(text.utf8), path: ".dive-ci") }
        #expect(error?.diagnostic.location?.hasPrefix(".dive-ci:") == true)
    }

    @Test(
        "are one test case each for JUnit, as XML that others read, whatever the names",
        .enabled(if: Peer.isInstalled("python3"), "needs python3: scripts/setup test"))
    func junit() throws {
        let folder = try TestFolder()
        let verdicts = try Gate(parsing: ["wasted<=1", "secrets=0"]).verdicts(on: try Self.inspection())
        let name = "<img src=x onerror=alert(1)>&\"'\u{1b}\u{0}\n\u{fffe}]]>"
        try TestImage.write([("report.xml", JUnit.document(verdicts, subject: name))], to: folder.path)
        let script = """
            import sys, xml.etree.ElementTree as t
            r = t.parse(sys.argv[1]).getroot()
            s = r[0]
            print(r.get("tests"), r.get("failures"), len(s), s[0][0].get("message"), len(s[1]), s.get("name"), sep="|")
            """
        let read = try Peer.run("python3", ["-c", script, "\(folder.path)/report.xml"])
        #expect(read.errorText == "")
        #expect(
            read.text
                == #"2|1|2|wasted<=1: it is 3000 bytes (3.0 kB)|0|<img src=x onerror=alert(1)>&"'\x1b\x00\n\u{fffe}]]>"#
                + "\n")
    }
}
