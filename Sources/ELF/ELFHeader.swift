internal import ByteKit

/// The ELF header's fields that lead on: `Elf64_Ehdr` or `Elf32_Ehdr`.
struct ELFHeader {
    let is64Bit: Bool
    let machine: UInt16
    let kind: ELFFile.Kind
    let segmentsOffset: Int
    private let segmentSize: Int
    private let segmentCount: Int

    init(_ bytes: [UInt8]) throws(ELFError) {
        guard ELFFile.isELF(bytes), bytes.count >= 52 else { throw ELFError("is not an ELF file") }
        guard bytes[4] == 1 || bytes[4] == 2 else { throw ELFError("is an ELF file of an unknown class") }
        guard bytes[5] != 2 else { throw ELFError("is for a big-endian processor", .foreign) }
        guard bytes[5] == 1 else { throw ELFError("is an ELF file of an unknown byte order") }
        is64Bit = bytes[4] == 2
        guard !is64Bit || bytes.count >= 64 else { throw ELFError("is a truncated ELF file") }
        var reader = LittleEndianReader(bytes.span)
        _ = reader.read(count: 16)
        kind =
            switch reader.read(UInt16.self) {
            case 2: .executable
            case 3: .shared
            default: .other
            }
        machine = reader.read()
        // e_version and e_entry.
        _ = reader.read(count: is64Bit ? 12 : 8)
        let offset: UInt64 = is64Bit ? reader.read() : UInt64(reader.read(UInt32.self))
        // e_shoff, e_flags and e_ehsize.
        _ = reader.read(count: is64Bit ? 14 : 10)
        segmentSize = Int(reader.read(UInt16.self))
        segmentCount = Int(reader.read(UInt16.self))
        guard let place = Int(exactly: offset) else { throw ELFError("has its program headers out of reach") }
        segmentsOffset = place
        // Linux takes 64 KiB of program headers at most: load_elf_phdrs in fs/binfmt_elf.c.
        guard segmentCount == 0 || segmentSize == wantedSize && segmentsSize <= 65_536 else {
            throw ELFError("has \(segmentCount) program headers of \(segmentSize) bytes, which no Linux loads")
        }
    }

    /// Bytes of all program headers.
    var segmentsSize: Int { segmentCount * segmentSize }

    private var wantedSize: Int { Segment.size(is64Bit: is64Bit) }

    func segments(_ bytes: [UInt8]) throws(ELFError) -> [Segment] {
        guard bytes.count == segmentsSize else { throw ELFError("ends in its program headers") }
        var reader = LittleEndianReader(bytes.span)
        var segments: [Segment] = []
        for index in 0..<segmentCount {
            // Below 64 KiB of bytes that were just read at this place: no overflow.
            let place = segmentsOffset + index * segmentSize
            if let segment = Segment(&reader, at: place, is64Bit: is64Bit) { segments.append(segment) }
        }
        return segments
    }
}
