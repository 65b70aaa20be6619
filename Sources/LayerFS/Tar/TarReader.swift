/// Reads the entries of a layer's tar stream, one after another, with their data.
///
/// Any bytes may be given; none make it trap. What readers are known to disagree about (sizes in global headers,
/// sparse files, unknown types) is refused rather than guessed. OCI image specification, "Image Layer Filesystem Changeset".
@safe package struct TarReader<Stream: ByteStream & ~Copyable>: ~Copyable {
    private var stream: Stream
    private var piece = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    /// Data of the current entry that was not read yet, and the padding behind it.
    private var dataLeft = 0
    private var padding = 0
    /// Where the current entry's data belongs, when it is sparse, and how far reading has come.
    private var holes: SparseMap?
    private var run = 0
    private var runOffset = 0

    /// An extended header longer than this is an attack, not a name or an attribute.
    private static var extendedHeaderLimit: Int { 8 << 20 }

    package init(_ stream: consuming Stream) {
        self.stream = stream
    }

    /// The next entry; nil at the end of the archive. Data of the last entry that was not read is passed over.
    package mutating func next() throws -> TarEntry? {
        try skip(dataLeft + padding)
        (dataLeft, padding, holes, run, runOffset) = (0, 0, nil, 0, 0)
        var records = PaxRecords()
        var isAnnounced = false
        while let header = try nextHeader() {
            if header.type != UInt8(ascii: "g") { isAnnounced = true }
            switch header.type {
            case UInt8(ascii: "x"), UInt8(ascii: "X"): try records.merge(try extendedHeader(header))
            case UInt8(ascii: "g"): try Self.checkGlobal(try extendedHeader(header))
            case UInt8(ascii: "L"): records.path = Self.text(try extendedHeader(header))
            case UInt8(ascii: "K"): records.linkPath = Self.text(try extendedHeader(header))
            default: return try entry(header, records)
            }
        }
        guard !isAnnounced else { throw LayerError(.damagedTar, "the tar archive ends before an entry it announces") }
        return nil
    }

    /// Lends some of the current entry's data, at most `limit` bytes; empty when all was read.
    package mutating func read(atMost limit: Int) throws -> UnsafeRawBufferPointer {
        guard let holes else { return unsafe try readStored(atMost: limit) }
        guard run < holes.runs.count else { return unsafe UnsafeRawBufferPointer(start: nil, count: 0) }
        let current = holes.runs[run]
        let wanted = min(limit, current.count - runOffset)
        let bytes = unsafe try current.isHole ? Zeros.shared.lend(atMost: wanted) : readStored(atMost: wanted)
        runOffset += bytes.count
        if runOffset == current.count { (run, runOffset) = (run + 1, 0) }
        return unsafe bytes
    }

    /// Lends data that the archive carries.
    private mutating func readStored(atMost limit: Int) throws -> UnsafeRawBufferPointer {
        guard dataLeft > 0, limit > 0 else { return unsafe UnsafeRawBufferPointer(start: nil, count: 0) }
        try fill()
        let count = unsafe min(limit, dataLeft, piece.count)
        dataLeft -= count
        return unsafe take(count)
    }

    /// Gives the stream back, to be drained.
    package consuming func finish() -> Stream { stream }

    // MARK: - Headers

    /// The next header block; nil at two zero blocks or when the stream ends between entries.
    private mutating func nextHeader() throws -> TarHeader? {
        guard let block = try headerBlock() else { return nil }
        guard block.allSatisfy({ $0 == 0 }) else { return try TarHeader(block.span) }
        // A lone zero block ends the archive for some readers and means nothing to others.
        guard try headerBlock()?.allSatisfy({ $0 == 0 }) ?? true
        else { throw LayerError(.damagedTar, "the tar archive goes on after a lone zero block") }
        return nil
    }

    private mutating func headerBlock() throws -> [UInt8]? {
        var block = [UInt8](repeating: 0, count: TarHeader.size)
        var filled = 0
        while filled < block.count {
            guard try !fillUnlessAtEnd() else {
                if filled == 0 { return nil }
                throw LayerError(.damagedTar, "the tar archive ends in the middle of a header")
            }
            let bytes = unsafe take(min(block.count - filled, piece.count))
            unsafe block.withUnsafeMutableBytes { unsafe $0[filled...].copyBytes(from: bytes) }
            filled += bytes.count
        }
        return block
    }

    private mutating func extendedHeader(_ header: TarHeader) throws -> [UInt8] {
        guard header.size <= UInt64(Self.extendedHeaderLimit)
        else { throw LayerError(.tooLarge, "a tar extended header of \(header.size) bytes is too long") }
        var left = Int(header.size)
        let padding = -left & 511
        var text: [UInt8] = []
        text.reserveCapacity(left)
        while left > 0 {
            try fill()
            let bytes = unsafe take(min(left, piece.count))
            unsafe text.append(contentsOf: bytes)
            left -= bytes.count
        }
        try skip(padding)
        return text
    }

    private static func checkGlobal(_ text: [UInt8]) throws {
        var records = PaxRecords()
        try records.merge(text)
        guard !records.isStructural else {
            throw LayerError(
                .unsupportedTar, "a global pax header sets a path or size, which readers do not agree about")
        }
    }

    /// GNU long names end in a NUL.
    private static func text(_ bytes: [UInt8]) -> [UInt8] {
        bytes.last == 0 ? bytes.dropLast() : bytes
    }

    private mutating func entry(_ header: TarHeader, _ records: PaxRecords) throws -> TarEntry {
        let name = records.entryPath ?? header.name
        // A path with a NUL inside would be one thing here and another to the kernel; `clean` refuses it.
        let kind = try Self.kind(header, name: name)
        guard !name.isEmpty else { throw LayerError(.badName, "an entry has no name") }
        var entry = TarEntry(
            kind: kind, path: try LayerPath.clean(name), mode: header.mode,
            userID: try Self.id(records.userID ?? header.userID, "owner", name),
            groupID: try Self.id(records.groupID ?? header.groupID, "group", name),
            modificationTime: records.modificationTime ?? header.modificationTime)
        entry.deviceMajor = header.deviceMajor
        entry.deviceMinor = header.deviceMinor
        entry.target = try Self.target(kind, records.linkPath ?? header.linkName, of: name)
        entry.xattrs = records.xattrs
        // The pax size is the one that counts, also for where the next header stands.
        let size = records.size ?? header.size
        guard size <= UInt64(Int.max / 2) else {
            throw LayerError(.tooLarge, "an entry says it has \(size) bytes", path: name)
        }
        if kind == .file {
            dataLeft = Int(size)
            padding = -Int(size) & 511
            holes = try sparseMap(header, records)
            entry.size = holes?.runs.reduce(0) { $0 + $1.count } ?? Int(size)
        } else if kind != .hardLink && size > 0 && kind != .symlink && kind != .directory {
            throw LayerError(.damagedTar, "a device or pipe says it has \(size) bytes of data", path: name)
        } else if size > 0 && kind == .hardLink && records.size != nil {
            throw LayerError(.unsupportedTar, "a hard link carries data of its own", path: name)
        }
        return entry
    }

    private static func kind(_ header: TarHeader, name: [UInt8]) throws(LayerError) -> TarEntry.Kind {
        switch header.type {
        case 0: name.last == UInt8(ascii: "/") ? .directory : .file
        case UInt8(ascii: "0"), UInt8(ascii: "7"), UInt8(ascii: "S"): .file
        case UInt8(ascii: "1"): .hardLink
        case UInt8(ascii: "2"): .symlink
        case UInt8(ascii: "3"): .characterDevice
        case UInt8(ascii: "4"): .blockDevice
        case UInt8(ascii: "5"): .directory
        case UInt8(ascii: "6"): .fifo
        default: throw LayerError(.unsupportedTar, "an entry has the unknown type \(header.type)", path: name)
        }
    }

    private static func id(_ value: UInt64, _ what: String, _ name: [UInt8]) throws(LayerError) -> UInt32 {
        guard let id = UInt32(exactly: value)
        else { throw LayerError(.unsupportedTar, "the \(what) id \(value) does not fit 32 bits", path: name) }
        return id
    }

    private static func target(_ kind: TarEntry.Kind, _ text: [UInt8], of name: [UInt8]) throws(LayerError) -> [UInt8] {
        switch kind {
        case .hardLink: return try LayerPath.clean(text)
        case .symlink:
            guard !text.isEmpty, text.count <= LayerPath.pathLimit, !text.contains(0)
            else { throw LayerError(.badName, "a symlink's target is empty, too long or holds a NUL byte", path: name) }
            return text
        default: return []
        }
    }

    // MARK: - Sparse files

    /// The map of a sparse entry; nil for others. What the map itself takes of the data is read here.
    private mutating func sparseMap(_ header: TarHeader, _ records: PaxRecords) throws -> SparseMap? {
        if let old = header.oldSparse {
            var pieces = old.pieces
            var isContinued = old.isContinued
            while isContinued {
                let block = try storedBlock()
                let more = try TarHeader.sparseExtension(block.span)
                pieces += more.pieces
                isContinued = more.isContinued
                guard pieces.count <= SparseMap.pieceLimit else { throw SparseMap.damage }
            }
            return try SparseMap(pieces, size: old.size, stored: UInt64(dataLeft))
        }
        guard let sparse = records.sparse else { return nil }
        let map = sparse.major >= 1 ? try mapInData() : sparse.map
        guard map.count.isMultiple(of: 2) else { throw SparseMap.damage }
        let pieces = stride(from: 0, to: map.count, by: 2).map { (offset: map[$0], count: map[$0 + 1]) }
        return try SparseMap(pieces, size: sparse.size, stored: UInt64(dataLeft))
    }

    /// An extension block stands between header and data and is not part of the data's size.
    private mutating func storedBlock() throws -> [UInt8] {
        var block: [UInt8] = []
        while block.count < TarHeader.size {
            try fill()
            unsafe block.append(contentsOf: take(min(TarHeader.size - block.count, piece.count)))
        }
        return block
    }

    /// pax 1.0: the data begins with the map, as decimal lines, filled up to a whole block.
    private mutating func mapInData() throws -> [UInt64] {
        var numbers: [UInt64] = []
        var line: [UInt8] = []
        var expected: UInt64?
        while expected.map({ UInt64(numbers.count) < $0 * 2 }) ?? true {
            guard dataLeft >= TarHeader.size else { throw SparseMap.damage }
            dataLeft -= TarHeader.size
            for byte in try storedBlock() where expected.map({ UInt64(numbers.count) < $0 * 2 }) ?? true {
                guard byte == UInt8(ascii: "\n") else {
                    line.append(byte)
                    guard line.count <= 20 else { throw SparseMap.damage }
                    continue
                }
                guard let number = PaxRecords.decimal(line[...]) else { throw SparseMap.damage }
                line.removeAll()
                if expected == nil {
                    guard number <= UInt64(SparseMap.pieceLimit) else { throw SparseMap.damage }
                    expected = number
                } else {
                    numbers.append(number)
                }
            }
        }
        return numbers
    }

    // MARK: - Bytes

    /// Sees to it that a piece is at hand; true when the stream has ended instead.
    private mutating func fillUnlessAtEnd() throws -> Bool {
        if unsafe piece.isEmpty { unsafe piece = try stream.next() }
        return unsafe piece.isEmpty
    }

    private mutating func fill() throws {
        guard try !fillUnlessAtEnd() else {
            throw LayerError(.damagedTar, "the tar archive ends in the middle of a file")
        }
    }

    private mutating func take(_ count: Int) -> UnsafeRawBufferPointer {
        let taken = unsafe UnsafeRawBufferPointer(rebasing: piece[..<count])
        unsafe piece = UnsafeRawBufferPointer(rebasing: piece[count...])
        return unsafe taken
    }

    private mutating func skip(_ count: Int) throws {
        var left = count
        while left > 0 {
            try fill()
            unsafe left -= take(min(left, piece.count)).count
        }
    }
}

/// Zeros to lend for holes. Unchecked: written once, before anyone else can see them.
@safe private final class Zeros: @unchecked Sendable {
    static let shared = Zeros()
    private let bytes: UnsafeRawBufferPointer

    private init() {
        let zeros = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 64)
        unsafe zeros.initializeMemory(as: UInt8.self, repeating: 0)
        unsafe bytes = UnsafeRawBufferPointer(zeros)
    }

    func lend(atMost limit: Int) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(rebasing: bytes[..<min(limit, bytes.count)])
    }
}
