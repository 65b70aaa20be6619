package import JSON

extension PackageDifference {
    /// How many parts are told of.
    private static let partsListed = 20
    private static let filesShown = 10

    /// For people, from the outside in, one line a finding.
    package var lines: [String] {
        var lines: [String] = []
        if let firstByte { lines.append("first difference: \(firstByte.text)") }
        for part in parts.prefix(Self.partsListed) {
            lines.append("\(SafeText.name(part.name)): \(Self.words(part.kind, part.traits))" + Self.suffix(part.bytes))
            for file in part.files.prefix(Self.filesShown) {
                lines.append(
                    "  \(SafeText.path(file.path)): \(Self.words(file.kind, file.traits))" + Self.suffix(file.bytes))
            }
            let left = part.files.count + part.filesLeftOut - min(Self.filesShown, part.files.count)
            if left > 0 { lines.append("  and \(left) more files") }
        }
        if parts.count > Self.partsListed { lines.append("and \(parts.count - Self.partsListed) more entries") }
        return lines
    }

    private static func words(_ kind: Part.Kind, _ traits: [String]) -> String {
        switch kind {
        case .added: "only in the given package"
        case .missing: "not in the given package"
        case .changed: traits.isEmpty ? "other bytes" : traits.joined(separator: ", ")
        }
    }

    private static func suffix(_ bytes: ByteDifference?) -> String { bytes.map { "; \($0.text)" } ?? "" }

    /// For machines.
    package var json: JSON {
        .object([
            ("firstByte", firstByte.map(\.json) ?? .null),
            (
                "parts",
                .array(
                    parts.map { part in
                        .object([
                            ("name", .string(SafeText.name(part.name))), ("change", .string(part.kind.rawValue)),
                            ("what", .array(part.traits.map { .string($0) })),
                            ("firstByte", part.bytes.map(\.json) ?? .null),
                            ("files", .array(part.files.map(Self.json))), ("filesLeftOut", .integer(part.filesLeftOut)),
                        ])
                    })
            ),
        ])
    }

    private static func json(_ file: File) -> JSON {
        .object([
            ("path", .string(SafeText.path(file.path))), ("change", .string(file.kind.rawValue)),
            ("what", .array(file.traits.map { .string($0) })), ("firstByte", file.bytes.map(\.json) ?? .null),
        ])
    }
}

extension PackageDifference.ByteDifference {
    fileprivate var text: String {
        func name(_ byte: UInt8?) -> String { byte.map { "0x" + hexadecimal($0) } ?? "the end" }
        let sizes = givenSize == builtSize ? "\(givenSize)" : "\(givenSize), and \(builtSize) rebuilt"
        return "byte \(offset) of \(sizes) is \(name(given)) instead of \(name(built))"
    }

    private func hexadecimal(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16)
        return digits.utf8.count < 2 ? "0" + digits : digits
    }

    fileprivate var json: JSON {
        .object([
            ("offset", .integer(offset)), ("given", given.map { .integer(Int($0)) } ?? .null),
            ("rebuilt", built.map { .integer(Int($0)) } ?? .null), ("givenSize", .integer(givenSize)),
            ("rebuiltSize", .integer(builtSize)),
        ])
    }
}
