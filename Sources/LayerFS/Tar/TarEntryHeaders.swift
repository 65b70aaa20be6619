/// The headers of one entry: a ustar block, and before it a pax extended header for what ustar cannot say.
///
/// POSIX.1-2017 pax, "ustar Interchange Format" and "pax Extended Header". docs/tar.md says why each part is as it is.
struct TarEntryHeaders {
    /// The type flag.
    var type: UInt8
    /// Relative to the root of the archive; a folder's ends in a slash.
    var path: [UInt8]
    /// A symlink's target, or the path that a hard link is to.
    var linkName: [UInt8] = []
    var mode: UInt16
    var userID: UInt32
    var groupID: UInt32
    var modificationTime: Int64
    /// Bytes of data that follow.
    var size = 0
    var device: (major: UInt32, minor: UInt32) = (0, 0)
    /// Sorted by name. No name may hold `=`.
    var xattrs: [TarEntry.Xattr] = []

    static let blockSize = TarHeader.size
    private static let nameSize = 100
    private static let prefixSize = 155

    /// All blocks up to the data.
    func encoded() -> [UInt8] {
        let records = records()
        guard !records.isEmpty else { return block() }
        // What a program that knows no pax headers makes of it: a small file beside the others.
        let name = path.split(separator: UInt8(ascii: "/")).last ?? []
        let extended = TarEntryHeaders(
            type: UInt8(ascii: "x"), path: Array("PaxHeaders/".utf8) + name.prefix(Self.nameSize - 11), mode: 0o644,
            userID: 0, groupID: 0, modificationTime: 0, size: records.count)
        return extended.block() + records + Self.padding(records.count) + block()
    }

    /// The zeros that follow `count` bytes of data.
    static func padding(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: -count & (blockSize - 1)) }

    /// What ends an archive.
    static let end = [UInt8](repeating: 0, count: 2 * blockSize)

    // MARK: - The ustar block

    private func block() -> [UInt8] {
        var block = [UInt8](repeating: 0, count: Self.blockSize)
        func put(_ bytes: some Collection<UInt8>, at offset: Int, _ most: Int) {
            block.replaceSubrange(offset..<offset + min(most, bytes.count), with: bytes.prefix(most))
        }
        // A number that does not fit is said right by a record; here stands the nearest that fits.
        func put(_ number: Int64, at offset: Int, width: Int) {
            let most = Int64(1) << (3 * (width - 1)) - 1
            var rest = min(max(0, number), most)
            for index in (offset..<offset + width - 1).reversed() {
                block[index] = UInt8(ascii: "0") + UInt8(rest & 7)
                rest >>= 3
            }
        }
        let split = Self.split(path)
        put(split?.name ?? path[...], at: 0, Self.nameSize)
        put(Int64(mode), at: 100, width: 8)
        put(Int64(userID), at: 108, width: 8)
        put(Int64(groupID), at: 116, width: 8)
        put(Int64(size), at: 124, width: 12)
        put(modificationTime, at: 136, width: 12)
        block[156] = type
        put(linkName, at: 157, Self.nameSize)
        put(Array("ustar\u{0}00".utf8), at: 257, 8)
        put(Int64(device.major), at: 329, width: 8)
        put(Int64(device.minor), at: 337, width: 8)
        put(split?.prefix ?? [], at: 345, Self.prefixSize)
        // The checksum counts its own field as spaces.
        let sum = block.reduce(8 * Int64(UInt8(ascii: " "))) { $0 + Int64($1) }
        put(sum, at: 148, width: 7)
        block[155] = UInt8(ascii: " ")
        return block
    }

    /// The two fields of a path; nil when it does not fit them.
    private static func split(_ path: [UInt8]) -> (prefix: ArraySlice<UInt8>, name: ArraySlice<UInt8>)? {
        if path.count <= nameSize { return ([], path[...]) }
        // The last slash of a folder's path belongs to the name, which must not be empty.
        let first = max(1, path.count - nameSize - 1)
        let last = min(prefixSize, path.count - 2)
        guard first <= last, let slash = path[first...last].firstIndex(of: UInt8(ascii: "/")) else { return nil }
        return (path[..<slash], path[(slash + 1)...])
    }

    // MARK: - The records

    private func records() -> [UInt8] {
        var records: [UInt8] = []
        // Records are UTF-8 unless they say that they are bytes.
        let isLong = (path: Self.split(path) == nil, linkName: linkName.count > Self.nameSize)
        if isLong.path && !Self.isUTF8(path) || isLong.linkName && !Self.isUTF8(linkName) {
            Self.append("hdrcharset", Array("BINARY".utf8), to: &records)
        }
        if isLong.path { Self.append("path", path, to: &records) }
        if isLong.linkName { Self.append("linkpath", linkName, to: &records) }
        if size >= 1 << 33 { Self.append("size", size, to: &records) }
        if userID >= 1 << 21 { Self.append("uid", Int(userID), to: &records) }
        if groupID >= 1 << 21 { Self.append("gid", Int(groupID), to: &records) }
        if !(0..<1 << 33).contains(modificationTime) { Self.append("mtime", Int(modificationTime), to: &records) }
        if device.major >= 1 << 21 { Self.append("SCHILY.devmajor", Int(device.major), to: &records) }
        if device.minor >= 1 << 21 { Self.append("SCHILY.devminor", Int(device.minor), to: &records) }
        for xattr in xattrs { Self.append(Array("SCHILY.xattr.".utf8) + xattr.name, xattr.value, to: &records) }
        return records
    }

    private static func isUTF8(_ bytes: [UInt8]) -> Bool { String(validating: bytes, as: UTF8.self) != nil }

    private static func append(_ key: String, _ number: Int, to records: inout [UInt8]) {
        append(key, Array(String(number).utf8), to: &records)
    }

    private static func append(_ key: String, _ value: [UInt8], to records: inout [UInt8]) {
        append(Array(key.utf8), value, to: &records)
    }

    /// `<length> <key>=<value>` and a line break, the length counting itself.
    private static func append(_ key: [UInt8], _ value: [UInt8], to records: inout [UInt8]) {
        let count = key.count + value.count + 3
        var length = count + 1
        while String(length).utf8.count + count > length { length += 1 }
        records += Array(String(length).utf8)
        records.append(UInt8(ascii: " "))
        records += key
        records.append(UInt8(ascii: "="))
        records += value
        records.append(UInt8(ascii: "\n"))
    }
}
