internal import ArgumentParser
internal import ByteKit
internal import Report
internal import Toolchain

/// What an inspection must come to.
struct GateOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Fail with status 3 unless these hold, as in ‘efficiency>=0.95,wasted<=20MiB,secrets=0’. Repeatable.",
            valueName: "rules"))
    var gate: [String] = []

    @Option(
        help: ArgumentHelp("The same with the rules of a .dive-ci file.", valueName: "file"), completion: .file())
    var gateFile: String?

    @Option(
        help: ArgumentHelp("Write the rules' outcome as JUnit has it.", valueName: "file"), completion: .file())
    var junit: String?

    func validate() throws {
        if junit != nil, gate.isEmpty, gateFile == nil {
            throw ValidationError("--junit writes what became of rules: say which with --gate or --gate-file.")
        }
    }

    /// The rules, read before anything is fetched.
    func rules() throws -> Gate {
        var gate: Gate
        do {
            gate = try Gate(parsing: self.gate)
        } catch {
            throw ValidationError("\(error.diagnostic.message)." + (error.diagnostic.hint.map { " \($0)." } ?? ""))
        }
        if let gateFile {
            gate.rules += try DiveRules.parse(try InputFile.contents(of: gateFile, limit: 1 << 20), path: gateFile)
        }
        return gate
    }

    /// Holds an inspection against the rules; throws when it fails one.
    func apply(_ gate: Gate, to inspection: Inspection) throws {
        guard !gate.rules.isEmpty else { return }
        let verdicts = gate.verdicts(on: inspection)
        if let junit { try OutputFile.write(JUnit.document(verdicts, subject: inspection.survey.name), to: junit) }
        let failures = verdicts.filter { !$0.holds }
        for failure in failures { StandardError.write("gate: \(failure.line)\n") }
        guard failures.isEmpty else {
            throw ToolError(
                "gate-failed", "\(failures.count) of \(verdicts.count) rules do not hold", exitCode: .overBudget)
        }
    }
}
