import ByteKit
import TestKit

/// The pages of documentation that show commands.
enum Pages {
    /// A fenced piece of a page.
    struct Block: Sendable, CustomStringConvertible {
        var page: String
        /// The number of its first line, from 1.
        var line: Int
        /// `sh`, `console`, `json`.
        var language: String
        var text: String
        /// Whether the page says that it is not run, and why: `<!-- not run: needs an AWS account -->` on the line before.
        var isNotRun: Bool

        var description: String { "\(page):\(line)" }

        /// The script that a person would type: of a session only what stands behind the prompt.
        var script: String {
            guard language == "console" else { return text }
            return text.split(separator: "\n").filter { $0.hasPrefix("$ ") }.map { $0.dropFirst(2) + "\n" }.joined()
        }
    }

    /// The decisions are left out: they record what was done once.
    static let names: [String] = {
        let docs = (try? Folder.names(in: "\(Products.repository)/docs")) ?? []
        return ["README.md", "CONTRIBUTING.md"] + docs.filter { $0.hasSuffix(".md") }.sorted().map { "docs/\($0)" }
    }()

    static func text(_ name: String) throws -> String {
        String(
            decoding: try InputFile.contents(of: "\(Products.repository)/\(name)", limit: 1 << 20), as: UTF8.self)
    }

    static func blocks(in name: String) throws -> [Block] {
        var blocks: [Block] = []
        var open: Block?
        var before: Substring = ""
        for (index, line) in try text(name).split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.hasPrefix("```") {
                if let block = open {
                    blocks.append(block)
                    open = nil
                } else {
                    open = Block(
                        page: name, line: index + 2, language: String(line.dropFirst(3)), text: "",
                        isNotRun: before.hasPrefix("<!-- not run: "))
                }
            } else if open != nil {
                open?.text += line + "\n"
            }
            before = line
        }
        return blocks
    }

    /// What a shell would be given; scripts that the function runs are no commands of a person's.
    static let shell: [Block] = names.flatMap { name in
        ((try? blocks(in: name)) ?? []).filter {
            ["sh", "console"].contains($0.language) && !$0.text.hasPrefix("#!")
        }
    }
}
