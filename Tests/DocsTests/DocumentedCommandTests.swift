import ArgumentParser
import ByteKit
import Glibc
import TestKit
import Testing

@testable import scar_build

/// Holds a command line against the real parser, without running anything.
enum DocumentedCommand {
    /// What is wrong with it; nil when nothing is.
    static func fault(_ words: [String]) -> String? {
        guard let program = words.first else { return nil }
        switch program {
        case "scar-build": return refusal(of: Array(words.dropFirst()))
        case "make": return words.dropFirst().compactMap(target).first
        case _ where program.hasPrefix("scripts/"):
            return unsafe access("\(Products.repository)/\(program)", X_OK) == 0 ? nil : "there is no \(program)"
        default: return others.contains(program) ? nil : "nobody knows the command ‘\(program)’"
        }
    }

    /// Programs that are not ours.
    private static let others: Set = [
        "apt-get", "aws", "bsdtar", "cat", "cd", "cosign", "cp", "curl", "docker", "echo", "eval", "export", "git",
        "ls",
        "man", "mkdir", "openssl", "printf", "python3", "sam", "skopeo", "sudo", "swift", "tar", "terraform", "umoci",
        "unzip",
    ]

    private static func refusal(of arguments: [String]) -> String? {
        do {
            _ = try ScarBuild.parseAsRoot(arguments)
            return nil
        } catch {
            return ScarBuild.exitCode(for: error).isSuccess ? nil : ScarBuild.message(for: error)
        }
    }

    /// A target must be in the Makefile; a variable is `NAME=value`.
    private static func target(_ word: String) -> String? {
        guard !word.contains("="), !word.hasPrefix("-") else { return nil }
        return makefile.contains("\n\(word):") ? nil : "the Makefile has no ‘\(word)’"
    }

    private static let makefile = (try? Pages.text("Makefile")) ?? ""
}

@Suite("Commands in the documentation")
struct DocumentedCommandTests {
    @Test("are such as the programs take", arguments: Pages.shell)
    func parse(block: Pages.Block) {
        for words in ShellText(block.script).commands {
            #expect(DocumentedCommand.fault(words) == nil, "\(block): \(words)")
        }
    }

    @Test("are there at all: the search has not lost its way")
    func some() {
        let programs = Pages.shell.flatMap { ShellText($0.script).commands }.compactMap(\.first)
        #expect(programs.count { $0 == "scar-build" } >= 20)
        #expect(programs.contains("make") && programs.contains { $0.hasPrefix("scripts/") })
    }

    @Test(
        "would be found out if they were wrong",
        arguments: [
            ["scar-build", "biuld", "a.json", "b.json"], ["scar-build", "build"],
            ["scar-build", "build", "a.json", "--tarket", "zip"], ["make", "tset"], ["scripts/no-such-script"],
            ["no-such-program"],
        ])
    func wrong(words: [String]) { #expect(DocumentedCommand.fault(words) != nil) }

    @Test("are read as a shell reads them")
    func shell() {
        let text = """
            A=1 B='x y' scar-build build "a b.json" --jobs 2 >log 2>&1 # why
            cat >f <<'END'
            scar-build no command
            END
            if true; then scar-build lock a.json || make test; fi
            scar-build inspect x \\
              --gate 'a>=1,b<=2' | cat
            eval "$(scripts/testbed up)"
            """
        #expect(
            ShellText(text).commands == [
                ["scar-build", "build", "a b.json", "--jobs", "2"], ["cat"], ["true"],
                ["scar-build", "lock", "a.json"], ["make", "test"],
                ["scar-build", "inspect", "x", "--gate", "a>=1,b<=2"], ["cat"], ["eval", "$(scripts/testbed up)"],
            ])
    }

    @Test("of every kind that there is are in the README")
    func readme() throws {
        // In the table: a sentence that says what a command is not would do otherwise.
        let readme = try Pages.text("README.md").split(separator: "\n").filter { $0.hasPrefix("|") }.joined()
        for command in ScarBuild.configuration.subcommands {
            let name = command.configuration.commandName ?? ""
            let forms = ["scar-build \(name)", "scar-build [\(name)]", "`\(name)`", "`\(name) "]
            #expect(forms.contains { readme.contains($0) }, "\(name)")
        }
    }

    @Test("show how to run every recipe, on files that are there")
    func recipes() throws {
        let page = try Pages.text("docs/recipes.md")
        let names = try Folder.names(in: "\(Products.repository)/recipes").filter { $0.hasSuffix(".json") }
        for name in names { #expect(page.contains("\n### \(name.dropLast(5))\n"), "\(name)") }
        let words = try Pages.blocks(in: "docs/recipes.md").flatMap { ShellText($0.script).commands }.joined()
        for word in words where word.hasPrefix("recipes/") {
            #expect(unsafe access("\(Products.repository)/\(word)", R_OK) == 0, "\(word)")
        }
    }
}
