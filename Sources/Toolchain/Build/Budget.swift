internal import ByteKit
internal import LayerFS
internal import Packager

/// The sizes a recipe allows itself.
enum Budget {
    /// Throws, with the biggest contributors, when something is larger than allowed.
    static func check(
        _ allowed: Int?, _ actual: Int, of what: String, _ report: LinkReport
    ) throws {
        guard let allowed, actual > allowed else { return }
        throw ToolError(
            "over-budget",
            "the \(what) has \(ByteCount.text(actual)), \(ByteCount.text(actual - allowed)) more than the recipe's budget",
            hint: hint(report), exitCode: .overBudget)
    }

    /// Throws when a package is one that Lambda would refuse whatever way it came.
    static func check(_ excesses: [LambdaLimits.Excess], _ report: LinkReport) throws {
        if let excess = excesses.first(where: { !$0.hasOtherWay }) { throw error(excess, report) }
    }

    /// What to say of a package that Lambda would refuse.
    static func error(_ excess: LambdaLimits.Excess, _ report: LinkReport) -> ToolError {
        let other =
            switch excess.limit {
            case .ephemeralStorage: "raise function.ephemeralStorage, or: "
            case .unpacked: "build with --target auto, which takes a form that fits, or: "
            case .directUpload, .image: ""
            }
        return ToolError("over-limit", excess.message, hint: other + hint(report), exitCode: .overBudget)
    }

    /// Where the weight is.
    private static func hint(_ report: LinkReport) -> String {
        let largest = report.folderSizes.prefix(10)
            .map { "\(ByteCount.text($0.bytes)) in /\(DiagnosticText.printable($0.path))" }.joined(separator: ", ")
        return "the largest folders are \(largest); name what is not needed in ‘prune.drop’"
    }
}

/// Bytes of names as text that is safe to show.
enum DiagnosticText {
    static func printable(_ bytes: [UInt8]) -> String {
        Diagnostic.printable(String(decoding: bytes, as: UTF8.self))
    }
}
