internal import ByteKit

/// A comparison as lines for a terminal.
package struct ComparisonText {
    private let comparison: Comparison
    private let width: Int
    private var lines: [String] = []

    /// - Parameter width: how many columns there are.
    package init(_ comparison: Comparison, width: Int) {
        self.comparison = comparison
        self.width = max(72, min(width, 160))
    }

    /// The whole report, without a line break at its end.
    package consuming func text() -> String {
        head()
        configSection()
        packageSection()
        folderSection()
        fileSection()
        return lines.joined(separator: "\n")
    }

    private mutating func head() {
        let (from, to) = (comparison.from, comparison.to)
        lines.append("from  \(SafeText.line(from.survey.name))")
        lines.append("to    \(SafeText.line(to.survey.name))")
        lines.append("")
        guard !comparison.isEmpty else {
            lines.append("  no difference in files, packages or configuration")
            return
        }
        size("stored", from.totals.size, to.totals.size)
        size("unpacked", from.totals.unpacked, to.totals.unpacked)
        size("wasted", from.wasted, to.wasted)
        let counts = [Comparison.FileChange.Kind.added, .removed, .changed]
            .map { "\(comparison.count($0)) \($0.rawValue)" }.joined(separator: ", ")
        lines.append("  \(pad("files", 10))  \(counts)")
    }

    private mutating func size(_ name: String, _ before: Int, _ after: Int) {
        lines.append(
            "  \(pad(name, 10))  \(ByteCount.text(before)) → \(ByteCount.text(after))  (\(Self.signed(after - before)))"
        )
    }

    private mutating func configSection() {
        guard !comparison.config.isEmpty else { return }
        title("configuration")
        for change in comparison.config.prefix(40) {
            lines.append("  " + SafeText.cut(change.name, to: width - 2))
            lines.append("    - " + SafeText.cut(change.before ?? "(not there)", to: width - 6))
            lines.append("    + " + SafeText.cut(change.after ?? "(not there)", to: width - 6))
        }
    }

    private mutating func packageSection() {
        guard !comparison.packages.isEmpty else { return }
        title("packages (\(comparison.packages.count))")
        for change in comparison.packages.prefix(40) {
            let sign = change.before == nil ? "+" : change.after == nil ? "-" : "~"
            let versions = [change.before, change.after].compactMap(\.self).joined(separator: " → ")
            let bytes = pad(Self.signed(change.bytesAfter - change.bytesBefore), 12)
            lines.append("  \(bytes)  \(sign) " + SafeText.cut("\(change.name) \(versions)", to: width - 18))
        }
        more(comparison.packages.count - 40, "packages")
    }

    private mutating func folderSection() {
        let folders = comparison.folders().filter { $0.bytes != 0 }
        guard !folders.isEmpty else { return }
        title("folders")
        for folder in folders.prefix(10) {
            lines.append(
                "  \(pad(Self.signed(folder.bytes), 12))  "
                    + SafeText.cutPath(SafeText.path(folder.path), to: width - 16))
        }
    }

    private mutating func fileSection() {
        guard !comparison.files.isEmpty else { return }
        title("files (\(comparison.files.count))")
        for change in comparison.heaviestFiles.prefix(40) {
            let sign =
                switch change.kind {
                case .added: "+"
                case .removed: "-"
                case .changed: "~"
                }
            let what = change.what.isEmpty ? "" : "  " + change.what.joined(separator: ", ")
            let path = SafeText.cutPath(SafeText.path(change.path), to: width - 18 - what.count)
            lines.append("  \(pad(Self.signed(change.after - change.before), 12))  \(sign) \(path)\(what)")
        }
        more(comparison.files.count - 40, "files; --json has all")
    }

    private mutating func title(_ text: String) { lines += ["", text] }

    private mutating func more(_ count: Int, _ what: String) {
        if count > 0 { lines.append("                … and \(count) more \(what)") }
    }

    private func pad(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    private static func signed(_ bytes: Int) -> String {
        (bytes > 0 ? "+" : bytes < 0 ? "−" : "") + ByteCount.text(abs(bytes))
    }
}
