internal import LayerFS

/// What a language's own package manager installed.
package struct LanguagePackage: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        /// RubyGems' specifications.
        case gem
        /// Python's distributions: `METADATA` and `PKG-INFO`. "Core metadata specifications", packaging.python.org.
        case python
        /// R's packages: `DESCRIPTION`. "Writing R Extensions", 1.1.1.
        case r
        /// Applications of Erlang and Elixir: `NAME.app`. app(4) of Erlang/OTP.
        case otp
    }

    package var kind: Kind
    package var name: String
    package var version: String
    /// The file that says so, from the root.
    package var path: [UInt8]

    /// The packages that an image's files tell of, by kind, name, version and place.
    static func all(_ survey: Survey, _ isShown: [[Bool]]) -> [LanguagePackage] {
        var packages: [LanguagePackage] = []
        for (index, layer) in survey.layers.enumerated() {
            for document in layer.observer.documents where isShown[index][Int(document.content)] {
                guard case .language(let kind) = PackageDatabase.part(document.path),
                    let (name, version) = kind.read(document.bytes, path: document.path)
                else { continue }
                packages.append(LanguagePackage(kind: kind, name: name, version: version, path: document.path))
            }
        }
        return packages.sorted { left, right in
            let (one, other) = (
                (left.kind.rawValue, left.name, left.version), (right.kind.rawValue, right.name, right.version)
            )
            return one == other ? left.path.lexicographicallyPrecedes(right.path) : one < other
        }
    }
}

extension LanguagePackage.Kind {
    /// What a file at this path would tell of; nil for nothing.
    init?(path: [UInt8]) {
        switch path.last {
        case UInt8(ascii: "c"):
            let folder = Self.folder(of: path)
            let isSpecification =
                folder.ends(with: "/specifications") || folder.ends(with: "/specifications/default")
            guard path[...].ends(with: ".gemspec"), isSpecification else { return nil }
            self = .gem
        case UInt8(ascii: "A"):
            guard path[...].ends(with: ".dist-info/METADATA") else { return nil }
            self = .python
        case UInt8(ascii: "O"):
            guard path[...].ends(with: ".egg-info/PKG-INFO") else { return nil }
            self = .python
        case UInt8(ascii: "o"):
            guard path[...].ends(with: ".egg-info") else { return nil }
            self = .python
        case UInt8(ascii: "N"):
            let library = Self.folder(of: Array(Self.folder(of: path)))
            guard path[...].ends(with: "/DESCRIPTION"),
                library.ends(with: "/library") || library.ends(with: "/site-library")
            else { return nil }
            self = .r
        case UInt8(ascii: "p"):
            guard path[...].ends(with: ".app"), Self.folder(of: path).ends(with: "/ebin") else { return nil }
            self = .otp
        default: return nil
        }
    }

    private static func folder(of path: [UInt8]) -> ArraySlice<UInt8> {
        path.lastIndex(of: UInt8(ascii: "/")).map { path[..<$0] } ?? []
    }

    /// Name and version, from a file's first bytes; nil when they do not say.
    func read(_ bytes: [UInt8], path: [UInt8]) -> (name: String, version: String)? {
        var found: (name: ArraySlice<UInt8>, version: ArraySlice<UInt8>)?
        switch self {
        case .python: found = Self.fields("Name", "Version", in: bytes)
        case .r: found = Self.fields("Package", "Version", in: bytes)
        case .gem: found = Self.gem(bytes)
        case .otp: found = Self.application(bytes)
        }
        guard let found, !found.name.isEmpty, found.name.count <= 256, found.version.count <= 256 else { return nil }
        return (SafeText.name(found.name), SafeText.name(found.version))
    }

    /// Two fields of a document that begins with lines of `Field: value`. An empty line ends them.
    private static func fields(
        _ name: String, _ version: String, in bytes: [UInt8]
    ) -> (name: ArraySlice<UInt8>, version: ArraySlice<UInt8>)? {
        var found: (name: ArraySlice<UInt8>, version: ArraySlice<UInt8>) = ([], [])
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            guard !line.trimmed.isEmpty else { break }
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            if found.name.isEmpty, line[..<colon].elementsEqual(name.utf8) { found.name = line[(colon + 1)...].trimmed }
            if found.version.isEmpty, line[..<colon].elementsEqual(version.utf8) {
                found.version = line[(colon + 1)...].trimmed
            }
        }
        return found.name.isEmpty ? nil : found
    }

    /// `s.name = "rake".freeze` and `s.version = "13.0.6"`, as RubyGems writes specifications: Ruby, which is not run.
    private static func gem(_ bytes: [UInt8]) -> (name: ArraySlice<UInt8>, version: ArraySlice<UInt8>)? {
        func assigned(_ field: String) -> ArraySlice<UInt8>? {
            for line in bytes.split(separator: UInt8(ascii: "\n")) {
                let line = line.trimmed
                guard let dot = line.firstIndex(of: UInt8(ascii: ".")), dot - line.startIndex <= 8 else { continue }
                let rest = line[(dot + 1)...]
                guard rest.starts(with: field.utf8) else { continue }
                let value = rest.dropFirst(field.utf8.count).trimmed
                guard value.first == UInt8(ascii: "=") else { continue }
                return quoted(value)
            }
            return nil
        }
        guard let name = assigned("name") else { return nil }
        return (name, assigned("version") ?? [])
    }

    /// `{application, ssl, [… {vsn, "10.8.7"} …]}.`
    private static func application(_ bytes: [UInt8]) -> (name: ArraySlice<UInt8>, version: ArraySlice<UInt8>)? {
        guard let start = behind("{application,", in: bytes[...]) else { return nil }
        let rest = bytes[start...].drop { [0x20, 0x09, 0x0a, 0x0d].contains($0) }
        let name: ArraySlice<UInt8>
        if rest.first == UInt8(ascii: "'") {
            name = rest.dropFirst().prefix { $0 != UInt8(ascii: "'") }
        } else {
            name = rest.prefix { $0 != UInt8(ascii: ",") }.trimmed
        }
        let version = behind("{vsn,", in: rest).flatMap { quoted(bytes[$0...]) }
        return (name, version ?? [])
    }

    /// The place behind a text, in which spaces do not count; nil when it does not occur.
    private static func behind(_ text: String, in bytes: ArraySlice<UInt8>) -> Int? {
        let wanted = Array(text.utf8)
        for start in bytes.indices where bytes[start] == wanted[0] {
            var (place, index) = (start, 0)
            while place < bytes.endIndex, index < wanted.count {
                if bytes[place] == wanted[index] {
                    index += 1
                } else if ![0x20, 0x09, 0x0a, 0x0d].contains(bytes[place]) {
                    break
                }
                place += 1
            }
            if index == wanted.count { return place }
        }
        return nil
    }

    /// What stands between the first two quotation marks of a line.
    private static func quoted(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
        guard let start = line.firstIndex(where: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "'") }) else {
            return nil
        }
        let rest = line[(start + 1)...]
        guard let end = rest.firstIndex(of: line[start]) else { return nil }
        return rest[..<end]
    }
}
