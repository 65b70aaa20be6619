import ByteKit
import TestKit
import Testing

/// Runs the commands of docs/tutorial.md, one after the other in one shell, as whoever reads it would.
@Suite(
    "The tutorial",
    .enabled(
        if: ["docker-registry", "skopeo", "umoci"].allSatisfy(Peer.isInstalled),
        "needs docker-registry, skopeo and umoci: scripts/setup test"))
final class TutorialTests {
    private let folder: TestFolder
    private let registry: RegistryProcess

    /// A registry with the testbed's small image, which has busybox in it, under busybox's name.
    init() throws {
        folder = try TestFolder()
        registry = try RegistryProcess()
        let layout = try Peer.run("\(Products.repository)/scripts/testbed", ["layout", "tiny"])
        try #require(layout.status == 0, "\(layout.errorText)")
        let server = registry.origin.dropFirst("http://".count)
        let copied = try Peer.run(
            "skopeo",
            [
                "copy", "--quiet", "--dest-tls-verify=false", "oci:\(layout.text.filter { $0 != "\n" }):latest",
                "docker://\(server)/library/busybox:1.36",
            ])
        try #require(copied.status == 0, "\(copied.errorText)")
    }

    @Test("works as printed")
    func works() throws {
        let steps = try Self.steps()
        let script = Self.script(of: steps)
        try OutputFile.write(Array(script.utf8), to: "\(folder.path)/tutorial.sh")
        try Folder.create("\(folder.path)/work")
        let result = try Peer.run(
            "sh", ["-c", "cd \"$1/work\" && exec bash ../tutorial.sh", "sh", folder.path],
            variables: [
                ("PATH", "\(Products.folder):\(Peer.environment("PATH") ?? "")"),
                ("SCAR_BUILD_MIRRORS", "docker.io=\(registry.origin)"), ("SCAR_BUILD_CACHE", "\(folder.path)/cache"),
            ])
        #expect(result.status == 0, "\(result.errorText.suffix(2000))")
        // What stands between two marks is what one step printed.
        let printed = result.text.split(separator: Self.mark + "\n", omittingEmptySubsequences: false).dropFirst()
        #expect(printed.count == steps.count)
        for (step, text) in zip(steps, printed) {
            guard let expected = step.expected else { continue }
            #expect(String(text) == expected, "\(step.command)")
        }
    }

    /// A command, or several, and what it prints on stdout, where the page says so.
    private struct Step {
        var command: String
        var expected: String?
    }

    private static let mark = "\u{1}step"

    private static func steps() throws -> [Step] {
        var steps: [Step] = []
        for block in try Pages.blocks(in: "docs/tutorial.md") where !block.isNotRun {
            if block.language == "sh" { steps.append(Step(command: block.text)) }
            guard block.language == "console" else { continue }
            for line in block.text.split(separator: "\n") {
                if line.hasPrefix("$ ") {
                    steps.append(Step(command: String(line.dropFirst(2)), expected: ""))
                } else {
                    steps[steps.count - 1].expected? += line + "\n"
                }
            }
        }
        return steps
    }

    private static func script(of steps: [Step]) -> String {
        "set -euo pipefail\n" + steps.map { "printf '%s\\n' '\(mark)'\n\($0.command)\n" }.joined()
    }
}
