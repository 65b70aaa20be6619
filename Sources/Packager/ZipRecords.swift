internal import ByteKit

/// One entry's records in a zip archive.
///
/// The format is PKWARE's APPNOTE.TXT 6.3.10; its sections stand in brackets.
struct ZipRecord {
    var path: [UInt8]
    var isFolder: Bool
    var mode: UInt32
    var crc: UInt32
    var size: Int
    var compressedSize: Int
    var isDeflated: Bool
    /// Where the local header stands.
    var offset: Int

    /// [4.3.7] The header before an entry's data.
    func localHeader(_ time: ZipTime, _ limits: ZipLimits) -> [UInt8] {
        let isLarge = isLarge(limits)
        var bytes: [UInt8] = []
        bytes.append(littleEndian: UInt32(0x0403_4b50))
        appendCommon(to: &bytes, time, isLarge: isLarge, version: version(isLarge: isLarge))
        bytes.append(littleEndian: UInt16(isLarge ? 20 : 0))
        bytes += name
        if isLarge {
            // [4.5.3] In a local header, both sizes must be there.
            bytes.append(littleEndian: UInt16(1))
            bytes.append(littleEndian: UInt16(16))
            bytes.append(littleEndian: UInt64(size))
            bytes.append(littleEndian: UInt64(compressedSize))
        }
        return bytes
    }

    /// [4.3.12] The entry's header in the central directory.
    func centralHeader(_ time: ZipTime, _ limits: ZipLimits) -> [UInt8] {
        let isLarge = isLarge(limits)
        let isFar = offset >= limits.bytes
        var extra: [UInt8] = []
        if isLarge {
            extra.append(littleEndian: UInt64(size))
            extra.append(littleEndian: UInt64(compressedSize))
        }
        if isFar { extra.append(littleEndian: UInt64(offset)) }
        var bytes: [UInt8] = []
        bytes.append(littleEndian: UInt32(0x0201_4b50))
        // [4.4.2] Made by: Unix, whose modes then stand in the external attributes; version 3.0 of the format.
        bytes.append(littleEndian: UInt16(3 << 8 | 30))
        appendCommon(to: &bytes, time, isLarge: isLarge, version: version(isLarge: isLarge || isFar))
        bytes.append(littleEndian: UInt16(extra.isEmpty ? 0 : extra.count + 4))
        // Comment length, first disk, internal attributes.
        for _ in 0..<3 { bytes.append(littleEndian: UInt16(0)) }
        // [4.4.15] The low byte is MS-DOS's attributes, of which one says folder.
        bytes.append(littleEndian: mode << 16 | (isFolder ? 0x10 : 0))
        bytes.append(littleEndian: isFar ? .max : UInt32(offset))
        bytes += name
        if !extra.isEmpty {
            bytes.append(littleEndian: UInt16(1))
            bytes.append(littleEndian: UInt16(extra.count))
            bytes += extra
        }
        return bytes
    }

    /// What the two headers have in common, from the version to the length of the name.
    private func appendCommon(to bytes: inout [UInt8], _ time: ZipTime, isLarge: Bool, version: UInt16) {
        bytes.append(littleEndian: version)
        // [4.4.4] Bit 11 says that the name is UTF-8. Plain ASCII needs no saying.
        bytes.append(littleEndian: UInt16(path.contains { $0 >= 0x80 } ? 1 << 11 : 0))
        bytes.append(littleEndian: UInt16(isDeflated ? 8 : 0))
        bytes.append(littleEndian: time.time)
        bytes.append(littleEndian: time.date)
        bytes.append(littleEndian: crc)
        bytes.append(littleEndian: isLarge ? .max : UInt32(compressedSize))
        bytes.append(littleEndian: isLarge ? .max : UInt32(size))
        bytes.append(littleEndian: UInt16(name.count))
    }

    /// [4.3.17] A folder's name ends with a slash.
    private var name: [UInt8] { isFolder ? path + [UInt8(ascii: "/")] : path }

    private func isLarge(_ limits: ZipLimits) -> Bool { size >= limits.bytes || compressedSize >= limits.bytes }

    /// [4.4.3] The version of the format that a reader must know.
    private func version(isLarge: Bool) -> UInt16 {
        isLarge ? 45 : isDeflated || isFolder ? 20 : 10
    }
}

/// Where zip's own fields end and zip64's begin.
///
/// Only tests have others than `standard`.
package struct ZipLimits: Sendable {
    /// Sizes and offsets from here on need zip64.
    package var bytes: Int
    /// So many entries or more need zip64.
    package var entries: Int

    package static let standard = ZipLimits(bytes: 0xffff_ffff, entries: 0xffff)

    package init(bytes: Int, entries: Int) {
        self.bytes = min(bytes, 0xffff_ffff)
        self.entries = min(entries, 0xffff)
    }
}

/// What stands after the central directory.
struct ZipEnd {
    var entries: Int
    var directoryOffset: Int
    var directorySize: Int

    func bytes(_ limits: ZipLimits) -> [UInt8] {
        let isLarge = entries >= limits.entries || directoryOffset >= limits.bytes || directorySize >= limits.bytes
        var bytes: [UInt8] = []
        if isLarge { appendZip64(to: &bytes) }
        // [4.3.16] End of central directory record: no disks, no comment.
        bytes.append(littleEndian: UInt32(0x0605_4b50))
        bytes.append(littleEndian: UInt32(0))
        let count = isLarge ? .max : UInt16(entries)
        bytes.append(littleEndian: count)
        bytes.append(littleEndian: count)
        bytes.append(littleEndian: isLarge ? .max : UInt32(directorySize))
        bytes.append(littleEndian: isLarge ? .max : UInt32(directoryOffset))
        bytes.append(littleEndian: UInt16(0))
        return bytes
    }

    private func appendZip64(to bytes: inout [UInt8]) {
        // [4.3.14] Zip64 end of central directory record; its size does not count these first twelve bytes.
        bytes.append(littleEndian: UInt32(0x0606_4b50))
        bytes.append(littleEndian: UInt64(44))
        bytes.append(littleEndian: UInt16(3 << 8 | 45))
        bytes.append(littleEndian: UInt16(45))
        bytes.append(littleEndian: UInt64(0))
        bytes.append(littleEndian: UInt64(entries))
        bytes.append(littleEndian: UInt64(entries))
        bytes.append(littleEndian: UInt64(directorySize))
        bytes.append(littleEndian: UInt64(directoryOffset))
        // [4.3.15] And its locator.
        bytes.append(littleEndian: UInt32(0x0706_4b50))
        bytes.append(littleEndian: UInt32(0))
        bytes.append(littleEndian: UInt64(directoryOffset + directorySize))
        bytes.append(littleEndian: UInt32(1))
    }
}
