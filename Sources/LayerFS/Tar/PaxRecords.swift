/// The records of a pax extended header that change what an entry is. POSIX.1-2017 pax, "pax Extended Header".
struct PaxRecords {
    var path: [UInt8]?
    var linkPath: [UInt8]?
    var size: UInt64?
    var userID: UInt64?
    var groupID: UInt64?
    var modificationTime: Int64?
    /// Values by name; a later record replaces an earlier one.
    private var xattrValues: [[UInt8]: [UInt8]] = [:]
    private var xattrBytes = 0
    var sparse: Sparse?
    /// The path of a sparse file. GNU tar writes another one, made up, where older programs look, before or behind it.
    private var sparsePath: [UInt8]?
    /// The path that counts.
    var entryPath: [UInt8]? { sparsePath ?? path }

    /// What GNU tar says about a sparse file.
    struct Sparse {
        var major: UInt64 = 0
        var size: UInt64 = 0
        /// Offsets and lengths, one after the other.
        var map: [UInt64] = []
    }

    /// Adds the records of one extended header: each is `<length> <key>=<value>` and a line break.
    mutating func merge(_ text: [UInt8]) throws(LayerError) {
        var start = 0
        while start < text.count {
            guard let space = text[start...].firstIndex(of: UInt8(ascii: " ")),
                let length = Self.decimal(text[start..<space]), length <= UInt64(text.count - start),
                Int(length) > space - start + 2, text[start + Int(length) - 1] == UInt8(ascii: "\n"),
                let equals = text[space..<start + Int(length)].firstIndex(of: UInt8(ascii: "="))
            else { throw LayerError(.damagedTar, "a pax extended header is malformed") }
            let end = start + Int(length)
            try set(key: text[(space + 1)..<equals], value: text[(equals + 1)..<(end - 1)])
            start = end
        }
    }

    private mutating func set(key: ArraySlice<UInt8>, value: ArraySlice<UInt8>) throws(LayerError) {
        switch String(decoding: key, as: UTF8.self) {
        case "path": path = Array(value)
        case "linkpath": linkPath = Array(value)
        case "size": size = try Self.number(value, "size")
        case "uid": userID = try Self.number(value, "uid")
        case "gid": groupID = try Self.number(value, "gid")
        case "mtime": modificationTime = try Self.seconds(value)
        case let name where name.hasPrefix("SCHILY.xattr."):
            try setXattr(Array(key.dropFirst("SCHILY.xattr.".utf8.count)), Array(value))
        case let name where name.hasPrefix("GNU.sparse."):
            try setSparse(String(name.dropFirst("GNU.sparse.".count)), value)
        default: break
        }
    }

    /// More attributes than this on one file, or larger ones, are an attack: Linux would not take them.
    static let xattrLimit = 1024
    static let xattrSizeLimit = 65536
    /// Of all names and values of one file together: what readers of our images take.
    private static let xattrTotalLimit = 4 << 20

    private mutating func setXattr(_ name: [UInt8], _ value: [UInt8]) throws(LayerError) {
        guard !name.contains(0) else { throw LayerError(.badName, "an extended attribute's name holds a NUL byte") }
        xattrBytes += name.count + value.count - (xattrValues[name].map { name.count + $0.count } ?? 0)
        guard (1...255).contains(name.count), value.count <= Self.xattrSizeLimit,
            xattrValues.count < Self.xattrLimit || xattrValues[name] != nil, xattrBytes <= Self.xattrTotalLimit
        else { throw LayerError(.tooLarge, "an entry has more or larger extended attributes than Linux takes") }
        xattrValues[name] = value
    }

    /// The attributes, sorted by name.
    var xattrs: [TarEntry.Xattr] {
        xattrValues.map { TarEntry.Xattr(name: $0.key, value: $0.value) }
            .sorted { $0.name.lexicographicallyPrecedes($1.name) }
    }

    private mutating func setSparse(_ key: String, _ value: ArraySlice<UInt8>) throws(LayerError) {
        // Taken out while it is changed, so that its list is not copied for each record.
        var sparse = self.sparse.take() ?? Sparse()
        switch key {
        case "major": sparse.major = try Self.number(value, "sparse version")
        case "name": sparsePath = Array(value)
        case "size", "realsize": sparse.size = try Self.number(value, "sparse size")
        case "offset", "numbytes": sparse.map.append(try Self.number(value, "sparse map"))
        case "map":
            for number in value.split(separator: UInt8(ascii: ",")) {
                sparse.map.append(try Self.number(number, "sparse map"))
            }
        default: break
        }
        guard sparse.map.count <= 2 * SparseMap.pieceLimit else { throw SparseMap.damage }
        self.sparse = sparse
    }

    /// Whether these records would change where data begins or what it is called: refused in a global header, where
    /// readers disagree about them.
    var isStructural: Bool { entryPath != nil || linkPath != nil || size != nil || sparse != nil }

    private static func number(_ text: ArraySlice<UInt8>, _ what: String) throws(LayerError) -> UInt64 {
        guard let value = decimal(text), value <= UInt64(Int64.max)
        else { throw LayerError(.damagedTar, "a pax header's \(what) is not a number that fits") }
        return value
    }

    static func decimal(_ text: ArraySlice<UInt8>) -> UInt64? {
        guard !text.isEmpty, text.count <= 20 else { return nil }
        var value: UInt64 = 0
        for byte in text {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            let (tenfold, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tenfold.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
            guard !overflow, !carry else { return nil }
            value = sum
        }
        return value
    }

    /// Whole seconds, towards the past: `-1.5` is in second -2.
    private static func seconds(_ text: ArraySlice<UInt8>) throws(LayerError) -> Int64 {
        let isNegative = text.first == UInt8(ascii: "-")
        let parts = text.dropFirst(isNegative ? 1 : 0).split(
            separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first.flatMap({ decimal($0) }), whole < UInt64(Int64.max)
        else { throw LayerError(.damagedTar, "a pax header's mtime is not a number that fits") }
        let hasFraction = parts.count == 2 && parts[1].contains { $0 != UInt8(ascii: "0") }
        return isNegative ? -Int64(whole) - (hasFraction ? 1 : 0) : Int64(whole)
    }
}
