/// The records of a pax extended header that change what an entry is. POSIX.1-2017 pax, "pax Extended Header".
struct PaxRecords {
    var path: [UInt8]?
    var linkPath: [UInt8]?
    var size: UInt64?
    var userID: UInt64?
    var groupID: UInt64?
    var modificationTime: Int64?
    var xattrs: [TarEntry.Xattr] = []
    var sparse: Sparse?

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
            let xattr = TarEntry.Xattr(name: Array(key.dropFirst("SCHILY.xattr.".utf8.count)), value: Array(value))
            xattrs.removeAll { $0.name == xattr.name }
            xattrs.append(xattr)
        case let name where name.hasPrefix("GNU.sparse."):
            try setSparse(String(name.dropFirst("GNU.sparse.".count)), value)
        default: break
        }
    }

    private mutating func setSparse(_ key: String, _ value: ArraySlice<UInt8>) throws(LayerError) {
        var sparse = self.sparse ?? Sparse()
        switch key {
        case "major": sparse.major = try Self.number(value, "sparse version")
        case "name": path = Array(value)
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
    var isStructural: Bool { path != nil || linkPath != nil || size != nil || sparse != nil }

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
