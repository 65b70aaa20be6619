internal import ByteKit

/// What an ELF file says about how it must be loaded (System V ABI, generic part, chapters 4 and 5).
///
/// Only what is asked for is read: headers, notes, the dynamic section and the strings it names. Any bytes may be given;
/// a file that lies about its own offsets is refused or has fewer entries, and never makes this trap. Names are bytes.
package struct ELFFile: Equatable, Sendable {
    /// `e_type`.
    package enum Kind: Equatable, Sendable {
        /// `ET_EXEC`: a program at a fixed address.
        case executable
        /// `ET_DYN`: a library, or a program that can lie anywhere.
        case shared
        /// Object files, core dumps and what else is not loaded.
        case other
    }

    /// `EI_CLASS`: whether addresses have 64 bits. A file for x86-64 with 32 is x32's.
    package let is64Bit: Bool
    /// `e_machine`: 62 is x86-64, 183 is AArch64.
    package let machine: UInt16
    package let kind: Kind
    /// The program headers that a file can have, in order.
    package let segments: [Segment]
    /// `PT_INTERP`: the dynamic loader; nil for a static program and for most libraries.
    package private(set) var interpreter: [UInt8]?
    /// Whether there is a `PT_INTERP` that Linux would not take: too short, too long, not terminated.
    package private(set) var hasMalformedInterpreter = false
    /// `DT_NEEDED`, in order.
    package private(set) var needed: [[UInt8]] = []
    /// `DT_SONAME`.
    package private(set) var name: [UInt8]?
    /// `DT_RPATH`, split at colons, as written.
    package private(set) var rpath: [[UInt8]] = []
    /// `DT_RUNPATH`, split at colons, as written.
    package private(set) var runpath: [[UInt8]] = []
    /// `DF_1_PIE`: whether a file that could be a library is a program.
    package private(set) var isPIE = false
    /// Whether Go's linker left its note.
    package private(set) var isGo = false

    /// The first bytes of every ELF file.
    package static let magic: [UInt8] = [0x7f, 0x45, 0x4c, 0x46]

    /// Whether a file begins as ELF files do.
    package static func isELF(_ bytes: [UInt8]) -> Bool { bytes.starts(with: magic) }

    /// A path of Linux, its end mark included (`PATH_MAX`).
    package static let pathLimit = 4096

    /// Reads a file that is all in memory.
    package init(_ bytes: [UInt8]) throws(ELFError) {
        do {
            try self.init { offset, count in
                guard (0..<bytes.count).contains(offset) else { return [] }
                return [UInt8](bytes[offset..<offset + min(count, bytes.count - offset)])
            }
        } catch let error as ELFError {
            throw error
        } catch {
            preconditionFailure("memory is read without fail")
        }
    }

    /// Reads a file piece by piece.
    ///
    /// - Parameter source: gives some bytes of the file, fewer at its end.
    /// - Throws: an `ELFError`, or what `source` throws.
    package init(source: (_ offset: Int, _ count: Int) throws -> [UInt8]) throws {
        let header = try ELFHeader(try source(0, 64))
        is64Bit = header.is64Bit
        machine = header.machine
        kind = header.kind
        segments = try header.segments(try source(header.segmentsOffset, header.segmentsSize))
        // Linux and the loaders take the first, too.
        if let segment = self.segment(.interpreter) {
            try readInterpreter(segment, source)
        }
        for segment in segments where segment.kind == .note && !isGo {
            isGo = Self.holdsGoNote(try source(segment.offset, min(segment.fileSize, Self.mostNoteBytes)))
        }
        if let segment = self.segment(.dynamic) {
            let size = min(segment.fileSize, DynamicSection.mostBytes)
            try read(DynamicSection(try source(segment.offset, size), is64Bit: is64Bit), source)
        }
    }

    /// The first segment of a kind.
    package func segment(_ kind: Segment.Kind) -> Segment? { segments.first { $0.kind == kind } }

    /// Whether the kernel would run the file without a loader.
    ///
    /// A library is told from a program that can lie anywhere by what its linker says. What has no dynamic section at all,
    /// as packed programs have none, is no library.
    package var isStaticProgram: Bool {
        guard interpreter == nil, !hasMalformedInterpreter else { return false }
        return kind == .executable || kind == .shared && (isPIE || segment(.dynamic) == nil)
    }

    /// As Linux reads it (`load_elf_binary` in fs/binfmt_elf.c).
    private mutating func readInterpreter(
        _ segment: Segment, _ source: (_ offset: Int, _ count: Int) throws -> [UInt8]
    ) throws {
        guard (2...Self.pathLimit).contains(segment.fileSize) else {
            hasMalformedInterpreter = true
            return
        }
        let bytes = try source(segment.offset, segment.fileSize)
        guard bytes.count == segment.fileSize, bytes.last == 0 else {
            hasMalformedInterpreter = true
            return
        }
        interpreter = Array(bytes.prefix { $0 != 0 })
    }

    // MARK: - Dynamic section

    /// More bytes of names than any file has; of what names more, the rest is left out.
    private static let mostNameBytes = 1 << 20

    private mutating func read(
        _ dynamic: DynamicSection, _ source: (_ offset: Int, _ count: Int) throws -> [UInt8]
    ) throws {
        isPIE = dynamic.flags & 0x0800_0000 != 0
        // The string table is given as an address, which the loaded segments turn into a place in the file.
        guard let address = dynamic.stringTable,
            let home = segments.first(where: { $0.kind == .load && $0.holds(address) })
        else { return }
        let table = home.offset + (address - home.address)
        var left = Self.mostNameBytes
        func text(_ value: Int, limit: Int) throws -> [UInt8]? {
            let (place, overflow) = table.addingReportingOverflow(value)
            guard !overflow, value < dynamic.stringTableSize, left > 0 else { return nil }
            let text = try source(place, min(limit, left, dynamic.stringTableSize - value)).prefix { $0 != 0 }
            left -= text.count + 1
            return Array(text)
        }
        func folders(_ value: Int?) throws -> [[UInt8]] {
            // A path list may be as long as some environments, a library's name as long as a path.
            try value.flatMap { try text($0, limit: 65_536) }?.split(separator: UInt8(ascii: ":")).map { Array($0) }
                ?? []
        }
        rpath = try folders(dynamic.rpath)
        runpath = try folders(dynamic.runpath)
        name = try dynamic.name.flatMap { try text($0, limit: Self.pathLimit) }
        for value in dynamic.needed {
            if let text = try text(value, limit: Self.pathLimit) { needed.append(text) }
        }
    }

    // MARK: - Notes

    /// Go's note is among the first, and notes are short.
    private static let mostNoteBytes = 4096

    /// Looks through notes: sizes of name and content, a type, and both, each at a multiple of four.
    private static func holdsGoNote(_ bytes: [UInt8]) -> Bool {
        var reader = LittleEndianReader(bytes.span)
        while reader.remaining >= 12 {
            let (nameSize, size) = (Int(reader.read(UInt32.self)), Int(reader.read(UInt32.self)))
            _ = reader.read(UInt32.self)
            let name = reader.read(count: (nameSize + 3) & ~3)
            if name.prefix(nameSize).elementsEqual("Go\0\0".utf8) || name.prefix(nameSize).elementsEqual("Go\0".utf8) {
                return true
            }
            _ = reader.read(count: (size + 3) & ~3)
        }
        return false
    }
}
