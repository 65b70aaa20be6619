internal import ByteKit
internal import ImageModel

/// Where the files of a tar archive lie in it, so that they can be read in place.
///
/// This is for archives of images (`docker save`), which hold a few dozen files. Layers go through the layer reader, which
/// knows all that a file can be.
struct ArchiveIndex: Sendable {
    /// The archive's path, for messages.
    let name: String
    private let file: LocalFile
    private var entries: [[String]: Entry] = [:]

    private enum Entry: Sendable {
        case file(offset: Int, size: Int)
        case symlink(String)
        case hardLink(String)
        /// A folder, a pipe, a device: nothing to read.
        case other
    }

    private static let maximumEntries = 1 << 20
    private static let maximumLinks = 8

    /// Reads the headers of an archive from end to end.
    init(_ path: String) throws(RegistryError) {
        file = try LocalFile(path)
        name = path
        if let hint = try Self.hint(for: file) {
            throw RegistryError(.source, "\(path) is compressed, and its files cannot be read in place", hint: hint)
        }
        var scanner = ArchiveScanner(file)
        while let found = try scanner.next() {
            guard entries.count < Self.maximumEntries else {
                throw RegistryError(.source, "\(path) has more than \(Self.maximumEntries) files")
            }
            // What no name can lead to needs no entry. Of two files with one name, the last counts.
            guard let components = LocalFiles.components(found.name), !components.isEmpty else { continue }
            entries[components] =
                switch found.type {
                case UInt8(ascii: "0"), 0, UInt8(ascii: "7"): .file(offset: found.offset, size: found.size)
                case UInt8(ascii: "1"): .hardLink(found.linkName)
                case UInt8(ascii: "2"): .symlink(found.linkName)
                default: .other
                }
        }
    }

    /// A file, links followed inside the archive; nil when there is none.
    func file(_ components: [String]) throws(RegistryError) -> LocalFile? {
        var place = components
        for _ in 0...Self.maximumLinks {
            guard let entry = entries[place] else { return nil }
            let target: [String]?
            switch entry {
            case .file(let offset, let size):
                return file.part(components.joined(separator: "/"), offset: offset, size: size)
            case .other:
                throw RegistryError(.source, "‘\(components.joined(separator: "/"))’ in \(name) is not a file")
            case .symlink(let text): target = LocalFiles.components(text, below: place.dropLast())
            case .hardLink(let text): target = LocalFiles.components(text)
            }
            guard let target else {
                throw RegistryError(
                    .source, "‘\(components.joined(separator: "/"))’ in \(name) is a link that leads out of the archive"
                )
            }
            place = target
        }
        throw RegistryError(.source, "‘\(components.joined(separator: "/"))’ in \(name) is a link without end")
    }

    private static func hint(for file: LocalFile) throws(RegistryError) -> String? {
        switch try file.compression() {
        case LayerCompression.none?: nil
        case .gzip?: "unpack it first: gunzip"
        case .zstd?: "unpack it first: unzstd"
        case nil: "unpack it first: unxz, or bunzip2"
        }
    }
}

/// Walks over a tar archive's headers. POSIX.1-2017 pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format".
private struct ArchiveScanner {
    struct Found {
        var name: String
        var linkName: String
        var type: UInt8
        var offset: Int
        var size: Int
    }

    private let file: LocalFile
    private var place = 0

    private static let blockSize = 512
    private static let maximumTextSize = 1 << 20

    init(_ file: LocalFile) { self.file = file }

    /// The next file; nil at the archive's end.
    mutating func next() throws(RegistryError) -> Found? {
        var longName: String?
        var longLink: String?
        var paxSize: Int?
        while file.size - place >= Self.blockSize {
            guard !Cancellation.isRequested else { throw RegistryError(.cancelled, Cancelled()) }
            let header = try file.read(count: Self.blockSize, at: place)
            // Zeros stand at the end, and between archives that were joined.
            if header.allSatisfy({ $0 == 0 }) {
                place += Self.blockSize
                continue
            }
            guard Self.checksumMatches(header), let written = Self.number(header[124..<136]) else { throw damaged }
            let type = header[156]
            let isExtension = "xgLK".utf8.contains(type)
            let hasData = !"123456".utf8.contains(type)
            let size = hasData ? (isExtension ? written : paxSize ?? written) : 0
            let offset = place + Self.blockSize
            guard size <= file.size - offset else { throw damaged }
            place = min(file.size, offset + (size + Self.blockSize - 1) / Self.blockSize * Self.blockSize)
            guard isExtension else {
                return Found(
                    name: longName ?? Self.name(header), linkName: longLink ?? Self.text(header[157..<257]), type: type,
                    offset: offset, size: size)
            }
            guard size <= Self.maximumTextSize else { throw damaged }
            let text = try file.read(count: size, at: offset)
            switch type {
            case UInt8(ascii: "L"): longName = Self.text(text[...])
            case UInt8(ascii: "K"): longLink = Self.text(text[...])
            case UInt8(ascii: "x"):
                let records = Self.records(text)
                longName = records["path"] ?? longName
                longLink = records["linkpath"] ?? longLink
                if let text = records["size"] {
                    guard let size = Int(text), size >= 0 else { throw damaged }
                    paxSize = size
                }
            default: break  // A global header says nothing that we need.
            }
        }
        return nil
    }

    private var damaged: RegistryError {
        RegistryError(.source, "\(file.name) is not a tar archive, or is damaged or cut off at byte \(place)")
    }

    private static func name(_ header: [UInt8]) -> String {
        let name = text(header[0..<100])
        let isUstar = Array(header[257..<262]) == Array("ustar".utf8) && header[263] != UInt8(ascii: " ")
        return isUstar && header[345] != 0 ? text(header[345..<500]) + "/" + name : name
    }

    private static func text(_ field: ArraySlice<UInt8>) -> String {
        String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// A size: octal digits, or base 256 when the first bit is set. Nil for what is none.
    private static func number(_ field: ArraySlice<UInt8>) -> Int? {
        if let first = field.first, first & 0x80 != 0 {
            let digits = field.dropFirst()
            guard first == 0x80, digits.dropLast(7).allSatisfy({ $0 == 0 }) else { return nil }
            return digits.suffix(7).reduce(0) { $0 << 8 | Int($1) }
        }
        let digits = field.drop { $0 == UInt8(ascii: " ") }.prefix { $0 != 0 && $0 != UInt8(ascii: " ") }
        guard digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) }) else { return nil }
        return digits.reduce(0) { $0 << 3 | Int($1 - UInt8(ascii: "0")) }
    }

    /// The checksum counts its own field as spaces; some old writers summed signed bytes.
    private static func checksumMatches(_ header: [UInt8]) -> Bool {
        guard let stated = number(header[148..<156]) else { return false }
        let bytes = header[..<148] + [UInt8](repeating: UInt8(ascii: " "), count: 8) + header[156...]
        return stated == bytes.reduce(0) { $0 + Int($1) }
            || stated == bytes.reduce(0) { $0 + Int(Int8(bitPattern: $1)) }
    }

    /// The records of a pax header, `<length> <key>=<value>` and a line break each; what is malformed ends them.
    private static func records(_ text: [UInt8]) -> [String: String] {
        var records: [String: String] = [:]
        var rest = text[...]
        while let space = rest.firstIndex(of: UInt8(ascii: " ")),
            let length = Int(String(decoding: rest[..<space], as: UTF8.self)), length > space - rest.startIndex + 2,
            length <= rest.count
        {
            let record = rest[(space + 1)..<(rest.startIndex + length - 1)]
            rest = rest[(rest.startIndex + length)...]
            guard let equals = record.firstIndex(of: UInt8(ascii: "=")) else { break }
            records[String(decoding: record[..<equals], as: UTF8.self)] = String(
                decoding: record[(equals + 1)...], as: UTF8.self)
        }
        return records
    }
}
