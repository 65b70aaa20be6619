internal import ByteKit
internal import Glibc
internal import LayerFS

/// The sizes a recipe allows itself.
enum Budget {
    /// Throws, with the biggest contributors, when something is larger than allowed.
    ///
    /// - Parameter path: a file that must not stay behind when it is too large.
    static func check(
        _ allowed: Int?, _ actual: Int, of what: String, _ report: LinkReport, removing path: String? = nil
    ) throws {
        guard let allowed, actual > allowed else { return }
        if let path { unsafe unlink(path) }
        let largest = report.folderSizes.prefix(10)
            .map { "\(ByteCount.text($0.bytes)) in /\(DiagnosticText.printable($0.path))" }.joined(separator: ", ")
        throw ToolError(
            "over-budget",
            "the \(what) has \(ByteCount.text(actual)), \(ByteCount.text(actual - allowed)) more than the recipe's budget",
            hint: "the largest folders are \(largest); name what is not needed in ‘prune.drop’", exitCode: .overBudget)
    }
}

/// Bytes of names as text that is safe to show.
enum DiagnosticText {
    static func printable(_ bytes: [UInt8]) -> String {
        Diagnostic.printable(String(decoding: bytes, as: UTF8.self))
    }
}
