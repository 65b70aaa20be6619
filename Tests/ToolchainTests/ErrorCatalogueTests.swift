import ByteKit
import JSON
import TestKit
import Testing

@testable import Toolchain

@Suite("The catalogue of errors")
struct ErrorCatalogueTests {
    @Test("has an entry for each code in the sources, and none besides")
    func completeness() throws {
        let used = try CodesInSources.all()
        let known = Set(ErrorCatalogue.entries.map(\.code))
        #expect(used.count > 150, "the search has lost its way")
        #expect(used.subtracting(known).sorted() == [], "write entries for these in Sources/Toolchain/Errors")
        #expect(known.subtracting(used).sorted() == [], "no source has these any more")
    }

    @Test("has each code once")
    func unique() {
        let codes = ErrorCatalogue.entries.map(\.code)
        #expect(Set(codes).count == codes.count)
    }

    @Test("speaks in sentences", arguments: ErrorCatalogue.entries)
    func sentences(entry: ErrorEntry) {
        for text in [entry.cause, entry.cure] {
            #expect(text.hasSuffix("."), "\(entry.code): \(text)")
            let first = text.first ?? " "
            #expect(first.isUppercase || "~‘$/".contains(first), "\(entry.code): \(text)")
        }
    }

    @Test("finds a code in the form that errors show")
    func form() throws {
        #expect(try ErrorCatalogue.entry("error[unknown-key]").code == "unknown-key")
        #expect(try ErrorCatalogue.entry("a.json:3:7: error[unknown-key]").code == "unknown-key")
        #expect(try ErrorCatalogue.entry("Script.ExitCode").code == "Script.ExitCode")
    }

    @Test("suggests a code that is near, and takes any text")
    func unknown() {
        #expect(hint(of: "unknown-kei") == "did you mean ‘unknown-key’?")
        for text in ["", "]", "[]", "][", "e[", String(repeating: "é", count: 10_000)] {
            #expect(hint(of: text) == "‘scar-build explain’ lists all codes", "\(text.prefix(20))")
        }
    }

    @Test("is the page docs/errors.md")
    func page() throws {
        let path = Golden.repositoryPath("docs/errors.md", from: #filePath)
        #expect(
            try Golden.matches(Array(ErrorReference.markdown.utf8), path),
            "make it anew: UPDATE_GOLDEN=1 swift test --filter ErrorCatalogueTests")
    }

    private func hint(of text: String) -> String? {
        do {
            _ = try ErrorCatalogue.entry(text)
            return nil
        } catch {
            return (error as? ToolError)?.diagnostic.hint
        }
    }
}

/// The codes that the sources give to errors, found as text.
private enum CodesInSources {
    static func all() throws -> Set<String> {
        let types = try search(["-rlZE", ": (DiagnosableError|RetriableError)", "Sources"])
        var codes = Set(try search(["-hozP", #"case \w+ = "\K[a-z0-9-]+(?=")"#] + types))
        codes.formUnion(try search(["-rhozP", #"(ToolError|ReportError)\(\s*"\K[a-z0-9-]+(?=")"#, "Sources"]))
        codes.formUnion(try search(["-rhozP", #"Diagnostic\(\s*code: "\K[a-z0-9-]+(?=")"#, "Sources"]))
        codes.formUnion(try search(["-hozP", #"case \.\w+: "\K[a-z-]+(?=")"#, "Sources/SquashFS/SquashError.swift"]))
        codes.formUnion(try search(["-hozP", #"\? "\K[a-z-]+(?=")"#, "Sources/ByteKit/FileError.swift"]))
        let operations = try search(["-rhozP", #"(FileError|tree\.refusal)\(\s*"\K[a-z ]+(?=")"#, "Sources"])
        codes.formUnion(operations.map { "file-" + $0.replacing(" ", with: "-") })
        // What the supervisor calls its failures.
        codes.formUnion(
            try search([
                "-rhozP", #""\K[A-Z][a-z]+\.[A-Z][A-Za-z0-9]+(?=")"#, "Sources/Supervisor", "Sources/Toolchain/Local",
            ])
        )
        return codes
    }

    /// What grep prints, whose pieces end in NUL. It follows no links, so what is compiled twice is read once.
    private static func search(_ arguments: [String]) throws -> [String] {
        let arguments = arguments.map { $0.hasPrefix("Sources") ? "\(Products.repository)/\($0)" : $0 }
        let result = try Peer.run("grep", arguments)
        try #require(result.status == 0, "grep found nothing: \(arguments) \(result.errorText)")
        return result.text.split(separator: "\0").map(String.init)
    }
}

/// The catalogue as the page docs/errors.md shows it.
private enum ErrorReference {
    static var markdown: String {
        var text = """
            # Errors by their codes

            Every error says `error[CODE]`, what it is about and why, and mostly what to do. `scar-build explain CODE` prints
            what this page says of a code; `scar-build explain` lists them all, `--json` for programs. The codes stay the same
            from version to version.

            This page is made from the catalogue in `Sources/Toolchain/Errors`; a test holds both against the sources.

            """
        for chapter in ErrorCatalogue.chapters {
            text += "\n## \(chapter.title)\n\n| code | why | what to do |\n|---|---|---|\n"
            for entry in chapter.entries {
                text += "| `\(entry.code)` | \(cell(entry.cause)) | \(cell(entry.cure)) |\n"
            }
        }
        return text
    }

    private static func cell(_ text: String) -> String {
        text.replacing("|", with: "\\|").replacing("<", with: "&lt;").replacing("*", with: "\\*")
    }
}
