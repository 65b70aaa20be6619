/// One 512-byte header block of a tar archive, v7, ustar, GNU or pax.
///
/// POSIX.1-2017 pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format".
struct TarHeader {
    static let size = 512

    /// The block's type flag.
    let type: UInt8
    let name: [UInt8]
    let linkName: [UInt8]
    let mode: UInt16
    let userID: UInt64
    let groupID: UInt64
    let size: UInt64
    let modificationTime: Int64
    let deviceMajor: UInt32
    let deviceMinor: UInt32
    /// What an old GNU sparse header says about its pieces.
    let oldSparse: OldSparse?

    /// Reads a block; the checksum and every number must be right.
    init(_ block: Span<UInt8>) throws(LayerError) {
        guard Self.checksumMatches(block) else { throw LayerError(.damagedTar, "a tar header's checksum is wrong") }
        type = block[156]
        var name = Self.text(block, 0, 100)
        // GNU tar keeps other things where ustar has the prefix; its magic is `ustar` and two spaces.
        let isUstar = Self.text(block, 257, 6) == Array("ustar".utf8) && block[263] != UInt8(ascii: " ")
        if isUstar, block[345] != 0 { name = Self.text(block, 345, 155) + [UInt8(ascii: "/")] + name }
        self.name = name
        linkName = Self.text(block, 157, 100)
        mode = UInt16(truncatingIfNeeded: try Self.number(block, 100, 8, "mode")) & 0o7777
        userID = try Self.unsigned(block, 108, 8, "owner")
        groupID = try Self.unsigned(block, 116, 8, "group")
        size = try Self.unsigned(block, 124, 12, "size")
        modificationTime = try Self.number(block, 136, 12, "time")
        let hasDevice = type == UInt8(ascii: "3") || type == UInt8(ascii: "4")
        deviceMajor = hasDevice ? UInt32(truncatingIfNeeded: try Self.unsigned(block, 329, 8, "device")) : 0
        deviceMinor = hasDevice ? UInt32(truncatingIfNeeded: try Self.unsigned(block, 337, 8, "device")) : 0
        oldSparse = type == UInt8(ascii: "S") ? try Self.oldSparse(block) : nil
    }

    /// Whether these 512 bytes could be a header.
    static func hasValidChecksum(_ block: ArraySlice<UInt8>) -> Bool {
        let bytes = Array(block)
        return bytes.count == size && checksumMatches(bytes.span)
    }

    /// The checksum counts its own field as spaces; some old writers summed signed bytes.
    private static func checksumMatches(_ block: Span<UInt8>) -> Bool {
        guard let stated = try? number(block, 148, 8, "checksum") else { return false }
        var unsigned: Int64 = 0
        var signed: Int64 = 0
        for index in 0..<size {
            let byte = (148..<156).contains(index) ? UInt8(ascii: " ") : block[index]
            unsigned += Int64(byte)
            signed += Int64(Int8(bitPattern: byte))
        }
        return stated == unsigned || stated == signed
    }

    /// Bytes of a field up to its first NUL.
    private static func text(_ block: Span<UInt8>, _ start: Int, _ length: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        for index in start..<start + length {
            if block[index] == 0 { break }
            bytes.append(block[index])
        }
        return bytes
    }

    static func unsigned(_ block: Span<UInt8>, _ start: Int, _ length: Int, _ what: String) throws(LayerError) -> UInt64
    {
        let value = try number(block, start, length, what)
        guard value >= 0 else { throw LayerError(.damagedTar, "a tar header has a negative \(what)") }
        return UInt64(value)
    }

    /// A number: octal digits between spaces and NULs, or base 256 when the first bit is set.
    private static func number(_ block: Span<UInt8>, _ start: Int, _ length: Int, _ what: String) throws(LayerError)
        -> Int64
    {
        if block[start] & 0x80 != 0 { return try base256(block, start, length, what) }
        var value: Int64 = 0
        var hasBegun = false
        var hasEnded = false
        for index in start..<start + length {
            switch block[index] {
            case UInt8(ascii: "0")...UInt8(ascii: "7") where !hasEnded:
                guard value <= Int64.max >> 3 else {
                    throw LayerError(.damagedTar, "a tar header's \(what) is too large")
                }
                value = value << 3 | Int64(block[index] - UInt8(ascii: "0"))
                hasBegun = true
            case UInt8(ascii: " ") where !hasBegun && !hasEnded: continue
            case UInt8(ascii: " "), 0: hasEnded = true
            default: throw LayerError(.damagedTar, "a tar header's \(what) is not a number")
            }
        }
        return value
    }

    /// GNU's form for large and negative numbers: two's complement, big-endian, the first bit only a mark.
    private static func base256(_ block: Span<UInt8>, _ start: Int, _ length: Int, _ what: String) throws(LayerError)
        -> Int64
    {
        let isNegative = block[start] & 0x40 != 0
        var value: Int64 = isNegative ? -1 : 0
        for index in start..<start + length {
            let byte = index == start ? (isNegative ? block[index] | 0x80 : block[index] & 0x7f) : block[index]
            guard value >> 55 == 0 || value >> 55 == -1 else {
                throw LayerError(.damagedTar, "a tar header's \(what) is too large")
            }
            value = value << 8 | Int64(byte)
        }
        return value
    }
}
