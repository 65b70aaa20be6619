/// A tar archive made block by block, so that it can be wrong in any way there is.
package struct TarBuilder: Sendable {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    /// A whole archive of these.
    package static func archive(_ items: [TarItem]) -> [UInt8] {
        var builder = TarBuilder()
        for item in items { builder.add(item) }
        return builder.finished()
    }

    /// The archive with the zero blocks that end it.
    package func finished(endBlocks: Int = 2) -> [UInt8] { bytes + [UInt8](repeating: 0, count: 512 * endBlocks) }

    // MARK: - Blocks

    /// Adds bytes as they are.
    package mutating func append(_ raw: [UInt8]) { bytes += raw }

    /// Adds a header, and data filled up to a whole block. The header says its own size, whatever the data's is.
    package mutating func add(_ block: TarBlock, data: [UInt8] = []) {
        bytes += block.bytes
        bytes += data
        bytes += [UInt8](repeating: 0, count: -data.count & 511)
    }

    /// Adds an item, with the pax records it needs: for long names, for attributes.
    package mutating func add(_ item: TarItem) {
        var records = item.xattrs.map { (key: Array("SCHILY.xattr.\($0.name)".utf8), value: $0.value) }
        if item.path.count > 100 { records.append((Array("path".utf8), item.path)) }
        if item.target.count > 100 { records.append((Array("linkpath".utf8), item.target)) }
        if !records.isEmpty { addPax(records) }
        var block = TarBlock(item.path, type: item.type, size: item.content.count)
        block.linkName = item.target
        (block.mode, block.owner, block.group, block.time) = (item.mode, item.owner, item.group, item.time)
        (block.major, block.minor) = (item.major, item.minor)
        add(block, data: item.content)
    }

    // MARK: - Extended headers

    /// Adds a pax extended header: `x` for the entry that follows, `g` for all that follow.
    package mutating func addPax(_ records: [(key: [UInt8], value: [UInt8])], type: Character = "x") {
        addPax(text: records.flatMap { Self.record($0.key, $0.value) }, type: type)
    }

    /// Adds a pax extended header with keys and values of plain text.
    package mutating func addPax(_ records: KeyValuePairs<String, String>, type: Character = "x") {
        addPax(records.map { (Array($0.key.utf8), Array($0.value.utf8)) }, type: type)
    }

    /// Adds a pax extended header whose records may be malformed.
    package mutating func addPax(text: [UInt8], type: Character = "x") {
        add(TarBlock("PaxHeaders.0/entry", type: type, size: text.count), data: text)
    }

    /// `<length> <key>=<value>` and a line break, the length counting itself.
    package static func record(_ key: [UInt8], _ value: [UInt8]) -> [UInt8] {
        let rest = key.count + value.count + 3
        var length = rest + 1
        while String(length).utf8.count + rest != length { length = String(length).utf8.count + rest }
        return Array("\(length) ".utf8) + key + [UInt8(ascii: "=")] + value + [UInt8(ascii: "\n")]
    }

    /// Adds GNU's long name (`L`) or long link (`K`) for the entry that follows.
    package mutating func addGNULong(_ type: Character, _ text: [UInt8]) {
        add(TarBlock("././@LongLink", type: type, size: text.count + 1, form: .gnu), data: text + [0])
    }

    // MARK: - Sparse files

    /// A run of data in a sparse file.
    package typealias Piece = (offset: Int, data: [UInt8])

    /// The ways GNU tar has had of writing sparse files.
    package enum SparseForm: Sendable, CaseIterable {
        case oldGNU, pax00, pax01, pax10
    }

    /// Adds a sparse file of `size` bytes. Only the pieces are in the archive.
    package mutating func addSparse(_ path: String, size: Int, _ pieces: [Piece], form: SparseForm) {
        let data = pieces.flatMap(\.data)
        let map = pieces.flatMap { ["\($0.offset)", "\($0.data.count)"] }
        let common = TarBlock("GNUSparseFile.0/x", size: data.count)
        switch form {
        case .oldGNU: addOldSparse(path, size: size, pieces, data)
        case .pax00:
            var records = [("GNU.sparse.size", "\(size)"), ("GNU.sparse.numblocks", "\(pieces.count)")]
            for piece in pieces {
                records.append(("GNU.sparse.offset", "\(piece.offset)"))
                records.append(("GNU.sparse.numbytes", "\(piece.data.count)"))
            }
            addPax(records.map { (Array($0.0.utf8), Array($0.1.utf8)) })
            add(TarBlock(path, size: data.count), data: data)
        case .pax01:
            addPax([
                "GNU.sparse.size": "\(size)", "GNU.sparse.numblocks": "\(pieces.count)", "GNU.sparse.name": path,
                "GNU.sparse.map": map.joined(separator: ","),
            ])
            add(common, data: data)
        case .pax10:
            addPax([
                "GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": path,
                "GNU.sparse.realsize": "\(size)",
            ])
            var text = Array((["\(pieces.count)"] + map).map { $0 + "\n" }.joined().utf8)
            text += [UInt8](repeating: 0, count: -text.count & 511)
            add(TarBlock("GNUSparseFile.0/x", size: text.count + data.count), data: text + data)
        }
    }

    private mutating func addOldSparse(_ path: String, size: Int, _ pieces: [Piece], _ data: [UInt8]) {
        func rows(_ pieces: ArraySlice<Piece>) -> [UInt8] {
            pieces.flatMap {
                TarBlock.number(Int64($0.offset), width: 12) + TarBlock.number(Int64($0.data.count), width: 12)
            }
        }
        var rest = pieces[...]
        var block = TarBlock(path, type: "S", size: data.count, form: .gnu)
        block.patches = [(386, rows(rest.prefix(4))), (483, TarBlock.number(Int64(size), width: 12))]
        rest = rest.dropFirst(4)
        block.patches.append((482, [rest.isEmpty ? 0 : 1]))
        bytes += block.bytes
        while !rest.isEmpty {
            var continuation = rows(rest.prefix(21))
            rest = rest.dropFirst(21)
            continuation += [UInt8](repeating: 0, count: 504 - continuation.count) + [rest.isEmpty ? 0 : 1]
            bytes += continuation + [UInt8](repeating: 0, count: 7)
        }
        bytes += data + [UInt8](repeating: 0, count: -data.count & 511)
    }
}
