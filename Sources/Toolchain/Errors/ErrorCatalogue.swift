package import JSON
internal import Recipe

/// Every code that an error can have, with cause and cure: what `scar-build explain` says and docs/errors.md shows.
///
/// A test holds it against the sources, so a new code has its entry in the same commit.
package enum ErrorCatalogue {
    package static let chapters = [
        recipe, registry, transport, layers, squash, package, trust, files, aws, function,
    ]

    package static var entries: [ErrorEntry] { chapters.flatMap(\.entries) }

    /// The entry of a code, which may be written as errors show it: `error[unknown-key]`.
    package static func entry(_ text: String) throws -> ErrorEntry {
        let code = code(in: text)
        if let entry = entries.first(where: { $0.code == code }) { return entry }
        let nearest = NearestName.of(code, among: entries.map(\.code))
        throw ToolError(
            "unknown-code", "no error has the code ‘\(String(code.prefix(80)))’",
            hint: nearest.map { "did you mean ‘\($0)’?" } ?? "‘scar-build explain’ lists all codes", exitCode: .usage)
    }

    package static var json: JSON {
        .object([
            (
                "chapters",
                .array(
                    chapters.map { chapter in
                        .object([
                            ("title", .string(chapter.title)), ("errors", .array(chapter.entries.map(\.json))),
                        ])
                    })
            )
        ])
    }

    private static func code(in text: String) -> String {
        guard text.hasSuffix("]"), let open = text.lastIndex(of: "[") else { return text }
        return String(text[text.index(after: open)...].dropLast())
    }
}
