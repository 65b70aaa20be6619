import ArgumentParser
import ByteKit
import TestKit
import Testing

@testable import scar_build

@Suite("Manual pages", .enabled(if: Peer.isInstalled("python3"), "needs python3: scripts/setup test"))
final class ManPageTests {
    private let folder: TestFolder

    /// Makes them, as `make install` does.
    init() throws {
        folder = try TestFolder()
        let made = try Peer.run("\(Products.repository)/scripts/man-pages", [Products.scarBuild, folder.path])
        try #require(made.status == 0, "\(made.errorText)")
    }

    private func page(_ name: String) throws -> String {
        String(decoding: try InputFile.contents(of: "\(folder.path)/\(name).1", limit: 1 << 20), as: UTF8.self)
    }

    @Test("are there for each command, with all its options")
    func complete() throws {
        for command in ScarBuild.configuration.subcommands where command.configuration.shouldDisplay {
            let name = command.configuration.commandName ?? ""
            let text = try page("scar-build-\(name)")
            #expect(text.contains(".SH SYNOPSIS"), "\(name)")
            // What help lists, the page has.
            let options = command.helpMessage().split(whereSeparator: { " \n,".contains($0) }).filter { word in
                word.hasPrefix("--") && word.dropFirst(2).allSatisfy { $0.isLetter || $0 == "-" }
            }
            for option in options where option != "--version" && option.count > 2 {
                #expect(text.contains(option.replacing("-", with: "\\-")), "\(name): \(option)")
            }
        }
        #expect(try page("scar-build").contains("EXIT STATUS"))
    }

    @Test("are the same each time")
    func same() throws {
        let again = "\(folder.path)/again"
        _ = try Peer.run("\(Products.repository)/scripts/man-pages", [Products.scarBuild, again])
        #expect(try Peer.run("diff", ["-r", "--exclude=again", folder.path, again]).status == 0)
    }

    @Test(
        "are such that roff finds nothing to say",
        .enabled(if: Peer.isInstalled("groff"), "needs groff: apt-get install groff-base"))
    func sound() throws {
        for name in try Folder.names(in: folder.path) {
            let result = try Peer.run("groff", ["-man", "-Kutf8", "-Tutf8", "-ww", "-z", "\(folder.path)/\(name)"])
            #expect(result.status == 0 && result.errorText == "", "\(name): \(result.errorText)")
        }
    }

    @Test("have completions beside them that bash takes")
    func completions() throws {
        let script = try Peer.run(Products.scarBuild, ["--generate-completion-script", "bash"])
        #expect(script.status == 0)
        let path = "\(folder.path)/completion"
        try OutputFile.write(script.output, to: path)
        let taken = try Peer.run("bash", ["-c", #". "$1" && complete -p scar-build"#, "bash", path])
        #expect(taken.status == 0, "\(taken.errorText)")
    }
}
