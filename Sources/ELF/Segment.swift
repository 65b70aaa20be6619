internal import ByteKit

/// A part of an ELF file, as a program header says it: `Elf64_Phdr` or `Elf32_Phdr`.
package struct Segment: Equatable, Sendable {
    /// `p_type`; the kinds that decide about loading.
    package enum Kind: UInt32, Sendable {
        case load = 1
        case dynamic = 2
        case interpreter = 3
        case note = 4
    }

    /// Nil for kinds that mean nothing here.
    package let kind: Kind?
    /// Where in the file its program header stands.
    package let headerOffset: Int
    /// `p_offset`.
    package let offset: Int
    /// `p_vaddr`.
    package let address: Int
    /// `p_filesz`.
    package let fileSize: Int

    /// Bytes of a program header.
    static func size(is64Bit: Bool) -> Int { is64Bit ? 56 : 32 }

    /// Reads one; nil for one that no file can have.
    init?(_ reader: inout LittleEndianReader, at headerOffset: Int, is64Bit: Bool) {
        kind = Kind(rawValue: reader.read())
        self.headerOffset = headerOffset
        if is64Bit { _ = reader.read(UInt32.self) }
        func word(_ reader: inout LittleEndianReader) -> UInt64 {
            is64Bit ? reader.read() : UInt64(reader.read(UInt32.self))
        }
        let offset = word(&reader)
        let address = word(&reader)
        // p_paddr.
        _ = word(&reader)
        let fileSize = word(&reader)
        // p_memsz, p_align and, in 32 bits, p_flags.
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
