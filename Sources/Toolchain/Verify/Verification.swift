internal import ByteKit
package import JSON
package import Report

/// What came out when a package was built anew from its lock.
package struct Verification: Sendable {
    /// The package as it was named.
    package var path: String
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

    /// For people.
    package var text: String {
        let signed = isSigned ? ", signed by this key" : ""
        guard let difference else { return "\(path): built anew from its lock, the same: \(given)\(signed)" }
        var lines = [
            "\(path): built anew from its lock, not the same\(signed)", "  given    \(given)", "  rebuilt  \(built)",
        ]
        lines += difference.lines.map { "  " + $0 }
        for cause in causes { lines.append("  likely cause: \(cause)") }
        return lines.map { Diagnostic.printable($0) }.joined(separator: "\n")
    }

    /// For machines. docs/verify.md describes every member.
    package var json: JSON {
        .object([
            ("schema", .integer(1)), ("package", .string(Diagnostic.printable(path))), ("same", .bool(isSame)),
            ("signed", .bool(isSigned)), ("digest", .string(given)), ("rebuilt", .string(built)),
            ("difference", difference?.json ?? .null),
            ("causes", .array(causes.map { .string(Diagnostic.printable($0)) })),
        ])
    }
}
