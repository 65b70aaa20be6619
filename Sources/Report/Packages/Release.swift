/// Which distribution an image is of. os-release(5)
package struct Release: Sendable, Equatable {
    /// `debian`, `alpine`, `amzn`: lower-case letters, digits, dots, dashes and underscores.
    package var id: String
    /// `12`; empty for rolling releases.
    package var version: String

    init?(_ survey: Survey, _ isShown: [[Bool]]) {
        for (index, layer) in survey.layers.enumerated().reversed() {
            for document in layer.observer.documents.reversed() where isShown[index][Int(document.content)] {
                guard PackageDatabase.part(document.path) == .release, let found = Release(document.bytes) else {
                    continue
                }
                self = found
                return
            }
        }
        return nil
    }

    /// Nil for a text without an id.
    package init?(_ text: [UInt8]) {
        var fields: [String: String] = [:]
        for line in text.split(separator: UInt8(ascii: "\n")) {
            guard let equals = line.firstIndex(of: UInt8(ascii: "=")) else { continue }
            var value = line[(equals + 1)...].trimmed
            if let mark = value.first, [UInt8(ascii: "\""), UInt8(ascii: "'")].contains(mark), value.last == mark {
                value = value.dropFirst().dropLast()
            }
            fields[String(decoding: line[..<equals].trimmed, as: UTF8.self)] = String(decoding: value, as: UTF8.self)
        }
        func isPlain(_ text: String?) -> Bool {
            text.map { $0.utf8.count <= 64 && $0.utf8.allSatisfy(Self.isPlain) } ?? false
        }
        guard let id = fields["ID"], isPlain(id), !id.isEmpty else { return nil }
        self.id = id
        version = fields["VERSION_ID"].flatMap { isPlain($0) ? $0 : nil } ?? ""
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."),
            UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
