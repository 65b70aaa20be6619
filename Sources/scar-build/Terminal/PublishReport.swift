internal import ByteKit
internal import JSON
internal import Publisher

/// Shows plans, and changes as they are made.
struct PublishReport {
    let isQuiet: Bool

    func show(_ change: Change, isDone: Bool) {
        guard !isQuiet, isDone else { return }
        StandardError.write(Self.line(change) + "\n")
    }

    func unchanged(_ name: String) {
        if !isQuiet { StandardError.write("    keep  \(name)  is as it should be\n") }
    }

    static func text(of plan: Plan) -> [UInt8] {
        var text = "\(plan.function) in \(plan.region), account \(plan.account): "
        text += plan.isEmpty ? "nothing to change\n" : "\(plan.changes.count) changes\n"
        for change in plan.changes {
            text += line(change) + "\n"
            for detail in change.details {
                let old = detail.old.map { "\(Diagnostic.printable($0)) → " } ?? ""
                text += "            \(detail.name): \(old)\(Diagnostic.printable(detail.new))\n"
            }
        }
        return Array(text.utf8)
    }

    private static func line(_ change: Change) -> String {
        let action = change.action.rawValue
        return String(repeating: " ", count: max(0, 8 - action.count)) + action
            + "  \(change.kind)  \(Diagnostic.printable(change.name))"
    }
}
