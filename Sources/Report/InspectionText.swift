internal import ByteKit
internal import LayerFS

/// An inspection as lines for a terminal.
package struct InspectionText {
    private let inspection: Inspection
    private let width: Int
    private var lines: [String] = []

    /// - Parameter width: how many columns there are.
    package init(_ inspection: Inspection, width: Int) {
        self.inspection = inspection
        self.width = max(72, min(width, 160))
    }

    /// The whole report, without a line break at its end.
    package consuming func text() -> String {
        head()
        layerSection()
        wasteSection()
        savingSection()
        removalSection()
        packageSection()
        folderSection()
        fileSection()
        findingSection()
        noteSection()
        return lines.joined(separator: "\n")
    }

    // MARK: - Parts

    private mutating func head() {
        let survey = inspection.survey
        let totals = inspection.totals
        add(SafeText.line(survey.name) + (survey.platform.map { "  \(SafeText.line($0))" } ?? ""))
        if let digest = survey.digest { add(digest.description) }
        add("")
        let count = survey.layers.count
        let archives = totals.archives > 0 ? ", \(ByteCount.text(totals.archives)) as archives" : ""
        fact(ByteCount.text(totals.size), "in \(count) \(count == 1 ? "layer" : "layers") as stored\(archives)")
        fact(
            ByteCount.text(totals.unpacked),
            "unpacked: \(totals.files) files, \(totals.folders) folders, \(totals.symlinks) symlinks"
                + (totals.others > 0 ? ", \(totals.others) devices and pipes" : ""))
        let causes = Waste.Cause.allCases.compactMap { cause in
            let bytes = inspection.wasted(cause)
            return bytes > 0 ? "\(cause.rawValue) \(ByteCount.text(bytes))" : nil
        }
        fact(
            ByteCount.text(inspection.wasted),
            "wasted" + (causes.isEmpty ? "" : ": " + causes.joined(separator: ", ")))
        fact(Ratio.percent(inspection.dive.efficiency), "efficiency, as dive has it")
    }

    private mutating func layerSection() {
        title("layers, base first", "stored       carries         shown        hidden")
        for (index, layer) in inspection.survey.layers.enumerated() {
            let figures = inspection.layers[index]
            let sizes = [layer.size, figures.carried, figures.shown, figures.hidden]
            let digest = layer.listing.layer.hex.prefix(12)
            row(
                "\(pad("\(index + 1)", 3))  \(digest)",
                sizes.map { pad(ByteCount.text($0), 12) }.joined(separator: "  "))
            let instruction = inspection.instruction(of: index)
            if !instruction.isEmpty { add("     " + SafeText.cut(instruction, to: width - 5)) }
        }
    }

    private mutating func wasteSection() {
        let groups = WasteGroup.groups(inspection.waste)
        guard !groups.isEmpty else { return }
        title("wasted", "")
        for group in groups.prefix(10) {
            let files = group.files == 1 ? "" : "  \(group.files) files"
            item(ByteCount.text(group.bytes), SafeText.path(group.path), files)
            add("                " + SafeText.cut(inspection.reason(for: group), to: width - 16))
        }
        more(groups.count - 10, "places")
    }

    private mutating func savingSection() {
        for saving in inspection.savings where !saving.rules.isEmpty {
            title("pruning with ‘\(SafeText.line(saving.name))’ saves \(ByteCount.text(saving.bytes))", "")
            for rule in saving.rules.sorted(by: { ($1.bytes, $0.name) < ($0.bytes, $1.name) }) {
                item(ByteCount.text(rule.bytes), rule.name, "  \(rule.files) files")
                add("                " + SafeText.cut(rule.reason, to: width - 16))
                for place in rule.places.prefix(3) where rule.places.count > 1 && place.bytes * 20 >= rule.bytes {
                    let text = "\(ByteCount.text(place.bytes)) in \(SafeText.path(place.path))"
                    add("                " + SafeText.cutPath(text, to: width - 16))
                }
                guard let layer = rule.layers.indices.max(by: { rule.layers[$0] < rule.layers[$1] }) else { continue }
                let instruction = inspection.instruction(of: layer)
                guard rule.layers[layer] > 0, !instruction.isEmpty else { continue }
                let share = rule.layers[layer] == rule.bytes ? "" : "\(ByteCount.text(rule.layers[layer])) "
                add(
                    "                "
                        + SafeText.cut("\(share)left by layer \(layer + 1), \(instruction)", to: width - 16))
            }
        }
    }

    private mutating func removalSection() {
        guard let account = inspection.survey.removals, !account.rules.isEmpty else { return }
        title("removed by the build: \(ByteCount.text(account.bytes))", "")
        for rule in account.rules.sorted(by: { ($1.bytes, $0.name) < ($0.bytes, $1.name) }) {
            item(ByteCount.text(rule.bytes), rule.name, "  \(rule.files) files")
            add("                " + SafeText.cut(rule.reason, to: width - 16))
        }
    }

    private mutating func packageSection() {
        let packages = inspection.packages.packages
        guard !packages.isEmpty else { return }
        title("packages (\(packages.count))", "")
        for package in packages.prefix(10) {
            item(ByteCount.text(package.bytes), "\(package.name) \(package.version)", "  \(package.files) files")
        }
        more(packages.count - 10, "packages")
        item(ByteCount.text(inspection.packages.unowned), "of no package", "")
    }

    private mutating func folderSection() {
        let total = inspection.totals.unpacked
        guard total > 0 else { return }
        title("folders", "")
        folders(below: FileTree.root, depth: 0, least: max(1, total / 50))
    }

    /// Folders that weigh something, those in them indented; a folder with one heavy child stands in one line with it.
    private mutating func folders(below node: Int32, depth: Int, least: Int) {
        let children = inspection.order.children[Int(node)]
            .filter { inspection.tree.isDirectory($0) && inspection.bytes[Int($0)] >= least }
            .sorted { inspection.bytes[Int($0)] > inspection.bytes[Int($1)] }
        for child in children {
            var (end, name) = (child, SafeText.name(inspection.tree.name(of: child)))
            while let only = onlyHeavyChild(of: end) {
                end = only
                name += "/" + SafeText.name(inspection.tree.name(of: only))
            }
            let indent = String(repeating: "  ", count: depth)
            item(ByteCount.text(inspection.bytes[Int(child)]), indent + (depth == 0 ? "/" : "") + name, "")
            if depth < 4 { folders(below: end, depth: depth + 1, least: least) }
        }
    }

    private func onlyHeavyChild(of node: Int32) -> Int32? {
        inspection.order.children[Int(node)].first {
            inspection.tree.isDirectory($0) && inspection.bytes[Int($0)] == inspection.bytes[Int(node)]
                && inspection.bytes[Int(node)] > 0
        }
    }

    private mutating func fileSection() {
        let files = inspection.largestFiles(10)
        guard !files.isEmpty else { return }
        title("largest files", "")
        for file in files {
            item(
                ByteCount.text(file.bytes), SafeText.path(inspection.tree.path(of: file.node)),
                "  layer \(file.layer + 1)")
        }
    }

    private mutating func findingSection() {
        let findings = inspection.findings
        guard !findings.isEmpty else { return }
        title("findings (\(findings.count))", "")
        for finding in findings.prefix(20) {
            let layer = finding.layer.map { "layer \($0 + 1)" } ?? "the image's configuration"
            let hidden = finding.isShown ? "" : ", hidden by a later one and still there"
            add("  " + pad(left: finding.kind, 16) + SafeText.cutPath(finding.place, to: width - 18))
            add("                  " + SafeText.cut("\(finding.title); \(layer)\(hidden)", to: width - 18))
        }
        more(findings.count - 20, "findings")
    }

    private mutating func noteSection() {
        guard !inspection.notes.isEmpty else { return }
        title("notes", "")
        for note in inspection.notes.prefix(10) { add("  " + SafeText.cut(note, to: width - 2)) }
        more(inspection.notes.count - 10, "notes")
    }

    // MARK: - Lines

    private mutating func add(_ line: String) { lines.append(line) }

    private mutating func title(_ text: String, _ columns: String) {
        add("")
        row(text, columns)
    }

    /// A line with something at its left and something at its right end.
    private mutating func row(_ left: String, _ right: String) {
        let text = SafeText.cut(left, to: max(8, width - right.count - 1))
        add(
            right.isEmpty
                ? text : text + String(repeating: " ", count: max(1, width - text.count - right.count)) + right)
    }

    private mutating func fact(_ value: String, _ text: String) {
        add("  \(pad(value, 12))  \(SafeText.cut(text, to: width - 16))")
    }

    private mutating func item(_ size: String, _ path: String, _ right: String) {
        let room = width - 16 - right.count
        let name = SafeText.cutPath(path, to: room)
        add("  \(pad(size, 12))  \(name)" + (right.isEmpty ? "" : pad(right, width - 16 - name.count)))
    }

    private mutating func more(_ count: Int, _ what: String) {
        if count > 0 { add("                … and \(count) more \(what)") }
    }

    private func pad(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    private func pad(left text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }
}

/// Parts of a whole, as people read them.
enum Ratio {
    /// `97.12%`; rounded down, so that only what is whole is called 100%.
    static func percent(_ value: Double) -> String {
        guard value.isFinite else { return "∞" }
        let hundredths = Int((max(0, min(value, 1e9)) * 10_000).rounded(.down))
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)%"
    }

    /// `0.9712`, for JSON; nil for what is no number there.
    static func decimal(_ value: Double) -> String? {
        guard value.isFinite else { return nil }
        let parts = Int((max(0, min(value, 1e9)) * 1_000_000).rounded())
        let rest = String(parts % 1_000_000)
        return "\(parts / 1_000_000)." + String(repeating: "0", count: 6 - rest.count) + rest
    }
}
