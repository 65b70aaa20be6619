internal import ByteKit
package import JSON
package import Report

/// What came out when a package was built anew from its lock.
package struct Verification: Sendable {
    /// The package as it was named.
    package var path: String
    /// What it was built anew from.
    package var source: Source
    /// Its digest and that of what was built anew: of a file's bytes, of an image layout's manifest.
    package var given: String
    package var built: String
    /// Nil when both are the same.
    package var difference: PackageDifference?
    /// What the difference comes from, as far as can be told; the surest first.
    package var causes: [String] = []
    /// Whether a signature was looked at, and right.
    package var isSigned = false

    package var isSame: Bool { difference == nil }

    /// A recipe, and the image that its lock has.
    package struct Source: Sendable {
        package var recipe: String
        package var image: String
        package var manifest: String
    }

    /// For people.
    package var text: String {
        let signed = isSigned ? ", signed by this key" : ""
        let verdict = isSame ? "the same: \(given)" : "not the same"
        var lines = [
            "\(path): built anew from its lock, \(verdict)\(signed)", "  recipe   \(source.recipe)",
            "  image    \(source.image), \(source.manifest)",
        ]
        guard let difference else { return Self.text(lines) }
        lines += ["  given    \(given)", "  rebuilt  \(built)"] + difference.lines.map { "  " + $0 }
        for cause in causes { lines.append("  likely cause: \(cause)") }
        return Self.text(lines)
    }

    private static func text(_ lines: [String]) -> String {
        lines.map { Diagnostic.printable($0) }.joined(separator: "\n")
    }

    /// For machines. docs/verify.md describes every member.
    package var json: JSON {
        .object([
            ("schema", .integer(1)), ("package", .string(Diagnostic.printable(path))), ("same", .bool(isSame)),
            ("signed", .bool(isSigned)), ("recipe", .string(Diagnostic.printable(source.recipe))),
            ("image", .string(Diagnostic.printable(source.image))), ("manifest", .string(source.manifest)),
            ("digest", .string(given)), ("rebuilt", .string(built)),
            ("difference", difference?.json ?? .null),
            ("causes", .array(causes.map { .string(Diagnostic.printable($0)) })),
        ])
    }
}
