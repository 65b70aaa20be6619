internal import ByteKit

/// Finds functions whose output would call them again, which only stops when the account's money does.
package enum Recursion {
    /// Checks functions that are published together.
    package static func check(_ deployments: [Deployment]) throws(PublishError) {
        var done: Set<Int> = []
        for start in deployments.indices where !done.contains(start) {
            var path = [start]
            try follow(&path, deployments, &done)
        }
    }

    /// - Parameter done: those from which no way leads in a circle.
    private static func follow(
        _ path: inout [Int], _ deployments: [Deployment], _ done: inout Set<Int>
    ) throws(PublishError) {
        guard let last = path.last else { return }
        for next in deployments.indices where calls(deployments[last], deployments[next]) {
            if let first = path.firstIndex(of: next) {
                throw PublishError(
                    .recursion, message(path[first...].map { deployments[$0].name }),
                    hint: "let the output go to another folder, or let ‘prefix’ or ‘suffix’ tell input and output apart"
                )
            }
            guard !done.contains(next) else { continue }
            path.append(next)
            try follow(&path, deployments, &done)
            path.removeLast()
        }
        done.insert(last)
    }

    private static func message(_ names: [String]) -> String {
        guard let first = names.first else { return "" }
        guard names.count > 1 else { return "\(first): its output would be its input again, without end" }
        return "\(names.joined(separator: " → ")) → \(first): the output of the last would call the first, without end"
    }

    private static func calls(_ one: Deployment, _ other: Deployment) -> Bool {
        one.outputs.contains { output in other.inputs.contains { mayHold(output, $0) } }
    }

    /// Whether a file of the output can be one of the input.
    static func mayHold(_ output: Deployment.Channel, _ input: Deployment.Channel) -> Bool {
        // A file that goes to ‘videos’ may be called ‘in/x.mp4’, but no program does that by accident: only what goes
        // into the input's own folder, or below it, counts.
        output.bucket == input.bucket && output.keyPrefix.utf8.starts(with: input.keyPrefix.utf8)
            && NameFilter.meet(output.prefixes, input.prefixes, at: .beginning)
            && NameFilter.meet(output.suffixes, input.suffixes, at: .end)
    }
}
