internal import ByteKit

/// What an ELF file says about how it must be loaded (System V ABI, generic part, chapters 4 and 5).
///
/// Only what is asked for is read: headers, the dynamic section and the strings it names. Any bytes may be given; a
/// file that lies about its own offsets is refused or has fewer entries, and never makes this trap.
package struct ELFFile: Equatable, Sendable {
    /// `EI_CLASS`: whether addresses have 64 bits.
    package var is64Bit: Bool
    /// `e_machine`: 62 is x86-64, 183 is AArch64.
    package var machine: UInt16
    /// `PT_INTERP`: the dynamic loader; nil for a static program and for most libraries.
    package var interpreter: String?
    /// `DT_NEEDED`, in order.
    package var needed: [String] = []
    /// `DT_SONAME`.
    package var name: String?
    /// `DT_RPATH`, split at colons, as written.
    package var rpath: [String] = []
    /// `DT_RUNPATH`, split at colons, as written.
    package var runpath: [String] = []

    /// Reads some bytes of the file, fewer at its end.
    typealias Source = (_ offset: Int, _ count: Int) throws(PackagerError) -> [UInt8]

    /// Whether a file begins as ELF files do.
    static func isELF(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46]) }

    /// Reads a file that is all in memory.
    package init(_ bytes: [UInt8], path: String) throws(PackagerError) {
        try self.init(path: path) { (offset, count) throws(PackagerError) in
            guard (0..<bytes.count).contains(offset) else { return [] }
            return [UInt8](bytes[offset..<offset + min(count, bytes.count - offset)])
        }
    }

    /// Reads a file of an image.
    init(_ path: String, in root: RootView) throws(PackagerError) {
        try self.init(path: path) { (offset, count) throws(PackagerError) in
            try root.bytes(path, at: offset, count: count)
        }
    }

    private init(path: String, source: Source) throws(PackagerError) {
        let header = try ELFHeader(try source(0, 64), path: path)
        is64Bit = header.is64Bit
        machine = header.machine
        let segments = try header.segments(path: path, source: source)
        if let segment = segments.first(where: { $0.kind == ELFSegment.interpreter }) {
            let bytes = try source(segment.offset, min(segment.fileSize, 4096))
            interpreter = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if let segment = segments.first(where: { $0.kind == ELFSegment.dynamic }) {
            let size = min(segment.fileSize, ELFDynamic.mostBytes)
            let dynamic = ELFDynamic(try source(segment.offset, size), is64Bit: is64Bit)
            try read(dynamic, segments, source)
        }
    }

    private mutating func read(_ dynamic: ELFDynamic, _ segments: [ELFSegment], _ source: Source) throws(PackagerError)
    {
        // The string table is given as an address, which the loaded segments turn into a place in the file.
        guard let address = dynamic.stringTable,
            let home = segments.first(where: { $0.kind == ELFSegment.load && $0.holds(address) })
        else { return }
        let table = home.offset + (address - home.address)
        for (tag, value) in dynamic.strings where value < dynamic.stringTableSize {
            let (place, overflow) = table.addingReportingOverflow(value)
            guard !overflow else { continue }
            // A path list may be as long as some environments, a library's name as long as a path.
            let limit = min(tag == .needed || tag == .name ? 4096 : 65_536, dynamic.stringTableSize - value)
            let text = String(decoding: try source(place, limit).prefix { $0 != 0 }, as: UTF8.self)
            switch tag {
            case .needed: needed.append(text)
            case .name: name = text
            case .rpath: rpath += text.split(separator: ":").map(String.init)
            case .runpath: runpath += text.split(separator: ":").map(String.init)
            }
        }
    }
}

/// The ELF header's fields that lead on.
private struct ELFHeader {
    var is64Bit: Bool
    var machine: UInt16
    private var segmentsOffset: Int
    private var segmentSize: Int
    private var segmentCount: Int

    init(_ bytes: [UInt8], path: String) throws(PackagerError) {
        func refusal(_ reason: String) -> PackagerError { PackagerError(.malformedELF, "/\(path) \(reason)") }
        guard ELFFile.isELF(bytes), bytes.count >= 52 else { throw refusal("is not an ELF file") }
        guard bytes[4] == 1 || bytes[4] == 2 else { throw refusal("is an ELF file of an unknown class") }
        guard bytes[5] == 1 else { throw refusal("is a big-endian ELF file, for no processor that Lambda has") }
        is64Bit = bytes[4] == 2
        guard !is64Bit || bytes.count >= 64 else { throw refusal("is a truncated ELF file") }
        var reader = LittleEndianReader(bytes.span)
        _ = reader.read(count: 18)
        machine = reader.read()
        // e_version and e_entry.
        _ = reader.read(count: is64Bit ? 12 : 8)
        let offset: UInt64 = is64Bit ? reader.read() : UInt64(reader.read(UInt32.self))
        // e_shoff, e_flags and e_ehsize.
        _ = reader.read(count: is64Bit ? 14 : 10)
        segmentSize = Int(reader.read(UInt16.self))
        segmentCount = Int(reader.read(UInt16.self))
        guard let place = Int(exactly: offset) else { throw refusal("is an ELF file with its headers out of reach") }
        segmentsOffset = place
    }

    func segments(path: String, source: ELFFile.Source) throws(PackagerError) -> [ELFSegment] {
        let wanted = is64Bit ? 56 : 32
        guard segmentCount > 0 else { return [] }
        // Linux takes 64 KiB of program headers at most: load_elf_phdrs in fs/binfmt_elf.c.
        guard segmentSize == wanted, segmentCount <= 65_536 / wanted else {
            throw PackagerError(
                .malformedELF,
                "/\(path) has \(segmentCount) program headers of \(segmentSize) bytes, which no Linux loads")
        }
        let bytes = try source(segmentsOffset, segmentCount * segmentSize)
        guard bytes.count == segmentCount * segmentSize
        else { throw PackagerError(.malformedELF, "/\(path) ends in its program headers") }
        var reader = LittleEndianReader(bytes.span)
        var segments: [ELFSegment] = []
        for _ in 0..<segmentCount {
            if let segment = ELFSegment(&reader, is64Bit: is64Bit) { segments.append(segment) }
        }
        return segments
    }
}

/// A program header: `Elf64_Phdr` or `Elf32_Phdr`.
private struct ELFSegment {
    static let load: UInt32 = 1
    static let dynamic: UInt32 = 2
    static let interpreter: UInt32 = 3

    var kind: UInt32
    var offset: Int
    var address: Int
    var fileSize: Int

    /// Reads one; nil for one that no file can have.
    init?(_ reader: inout LittleEndianReader, is64Bit: Bool) {
        kind = reader.read()
        if is64Bit { _ = reader.read(UInt32.self) }
        func word(_ reader: inout LittleEndianReader) -> UInt64 {
            is64Bit ? reader.read() : UInt64(reader.read(UInt32.self))
        }
        let offset = word(&reader)
        let address = word(&reader)
        _ = word(&reader)
        let fileSize = word(&reader)
        _ = reader.read(count: is64Bit ? 16 : 12)
        guard let offset = Int(exactly: offset), let address = Int(exactly: address), let size = Int(exactly: fileSize),
            !offset.addingReportingOverflow(size).overflow, !address.addingReportingOverflow(size).overflow
        else { return nil }
        self.offset = offset
        self.address = address
        self.fileSize = size
    }

    func holds(_ place: Int) -> Bool { place >= address && place - address < fileSize }
}

/// The dynamic section: pairs of tag and value up to `DT_NULL`.
private struct ELFDynamic {
    enum Tag: UInt64 {
        case needed = 1
        case name = 14
        case rpath = 15
        case runpath = 29
    }

    /// More entries than any program has; what lies beyond is not read.
    static let mostBytes = 64 << 10

    /// `DT_STRTAB`, an address.
    private(set) var stringTable: Int?
    /// `DT_STRSZ`.
    private(set) var stringTableSize = 0
    /// Entries whose value is an offset into the string table.
    private(set) var strings: [(tag: Tag, value: Int)] = []

    init(_ bytes: [UInt8], is64Bit: Bool) {
        var reader = LittleEndianReader(bytes.span)
        while reader.remaining >= (is64Bit ? 16 : 8) {
            let tag: UInt64 = is64Bit ? reader.read() : UInt64(reader.read(UInt32.self))
            let value: UInt64 = is64Bit ? reader.read() : UInt64(reader.read(UInt32.self))
            if tag == 0 { return }
            guard let value = Int(exactly: value) else { continue }
            switch tag {
            case 5: stringTable = value
            case 10: stringTableSize = value
            default:
                if let tag = Tag(rawValue: tag) { strings.append((tag, value)) }
            }
        }
    }
}
