import JSON
import TestKit
import Testing

@Suite("Errors explained")
struct ExplainTests {
    @Test("by their code, as an error shows it or bare", arguments: ["no-lock", "error[no-lock]"])
    func one(code: String) throws {
        let result = try Tool.run(["explain", code])
        #expect(result.status == 0)
        #expect(result.text.hasPrefix("no-lock\n  "))
        #expect(result.text.contains("help: Run ‘scar-build lock RECIPE’"))
    }

    @Test("all, with the function's own, when none is named")
    func all() throws {
        let result = try Tool.run(["explain"])
        #expect(result.status == 0)
        for code in ["unknown-key", "rate-limited", "Script.ExitCode"] { #expect(result.text.contains("  \(code) ")) }
    }

    @Test("as JSON for programs")
    func json() throws {
        let one = try JSON.parse(try Tool.run(["explain", "no-lock", "--json"]).output)
        #expect(one["code"]?.string == "no-lock")
        let all = try JSON.parse(try Tool.run(["explain", "--json"]).output)
        let errors = (all["chapters"]?.array ?? []).flatMap { $0["errors"]?.array ?? [] }
        #expect(errors.count > 150)
        #expect(errors.allSatisfy { $0["cause"]?.string != nil && $0["cure"]?.string != nil })
    }

    @Test("never, when there is no such code: then the nearest is suggested")
    func unknown() throws {
        let result = try Tool.run(["explain", "no-locks"])
        #expect(result.status == 2)
        #expect(result.text == "")
        #expect(result.errorText.contains("error[unknown-code]") && result.errorText.contains("‘no-lock’"))
    }
}
