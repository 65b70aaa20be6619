package import ByteKit

/// What is in a layer, without its files' data: for a look at an image that is not to be built.
///
/// Each file that is not empty has a content of its own, so that one can tell which of two equal files is meant.
package struct LayerListing: LayerEntries, Sendable {
    package let layer: Digest
    package private(set) var entries: [LayerObject.Entry] = []
    /// The files' data: what it sums up to and how long it is.
    package private(set) var contents: [Content] = []
    package private(set) var xattrSets: [[TarEntry.Xattr]] = []
    /// Bytes of the tar stream; 0 for what was no archive.
    package var tarSize = 0
    private var names: [UInt8] = []
    private var xattrSetByValue: [[TarEntry.Xattr]: Int32] = [:]
    private var room = EntryRoom()

    package struct Content: Sendable, Hashable {
        /// Of the data.
        package var sum: ContentSum
        package var size: Int
    }

    /// More entries than any image has; each costs some hundred bytes of memory.
    package static let entryLimit = 4 << 20

    /// A listing with nothing in it.
    package init(layer: Digest) { self.layer = layer }

    package func path(of entry: LayerObject.Entry) -> ArraySlice<UInt8> {
        let start = Int(entry.pathStart)
        return names[start..<start + Int(entry.pathCount)]
    }

    package func target(of entry: LayerObject.Entry) -> ArraySlice<UInt8> {
        let start = Int(entry.pathStart) + Int(entry.pathCount)
        return names[start..<start + Int(entry.targetCount)]
    }

    /// Adds an entry whose path is clean.
    ///
    /// - Parameter sum: of a file's data; nil for what has none.
    package mutating func add(_ entry: TarEntry, sum: ContentSum?) throws(LayerError) {
        guard entries.count < Self.entryLimit else {
            throw LayerError(.tooLarge, "the layer has more than \(Self.entryLimit) entries", path: entry.path)
        }
        guard let pathCount = UInt16(exactly: entry.path.count), let targetCount = UInt16(exactly: entry.target.count)
        else { throw LayerError(.badName, "a name is too long", path: entry.path) }
        try room.take(entry.path.count + entry.target.count, for: entry.path)
        var content: Int32 = -1
        if let sum {
            content = Int32(contents.count)
            contents.append(Content(sum: sum, size: entry.size))
        }
        entries.append(
            LayerObject.Entry(
                kind: entry.kind, mode: entry.mode, userID: entry.userID, groupID: entry.groupID,
                modificationTime: entry.modificationTime, deviceMajor: entry.deviceMajor,
                deviceMinor: entry.deviceMinor, content: content, xattrs: try xattrSet(entry.xattrs, of: entry.path),
                pathStart: UInt32(names.count),
                pathCount: pathCount, targetCount: targetCount))
        names += entry.path
        names += entry.target
    }

    private mutating func xattrSet(_ xattrs: [TarEntry.Xattr], of path: [UInt8]) throws(LayerError) -> Int32 {
        guard !xattrs.isEmpty else { return -1 }
        if let known = xattrSetByValue[xattrs] { return known }
        try room.take(EntryRoom.cost(of: xattrs), for: path)
        let index = Int32(xattrSets.count)
        xattrSets.append(xattrs)
        xattrSetByValue[xattrs] = index
        return index
    }
}

/// Whoever wants to see something of the files that are listed.
package protocol FileObserver {
    /// How many of the first bytes of this file are wanted; 0 for none.
    mutating func wanted(_ entry: TarEntry) -> Int
    /// The first bytes of a file: as many as were wanted, or all.
    mutating func see(_ entry: TarEntry, head: [UInt8])
}

/// Lists a layer's compressed tar stream, in one pass and in bounded memory.
///
/// The digest of the compressed bytes, which whoever sends them checks, vouches for all that is seen. The digest of the
/// decoded ones is not made: nothing is kept here that another could take for something else.
package struct LayerLister: Sendable {
    /// How many bytes the files of a layer may have together, unless somebody says otherwise: Lambda takes no image over
    /// 10 GB.
    package static let usualLimit = 16 << 30

    /// How many bytes a layer may unpack to.
    private let sizeLimit: Int
    private let sums: ContentSum.Kind

    /// - Parameters:
    ///   - sizeLimit: how many bytes a layer may unpack to.
    ///   - sums: how the files' data are summed up.
    package init(sizeLimit: Int = LayerLister.usualLimit, sums: ContentSum.Kind = .mark) {
        self.sizeLimit = sizeLimit
        self.sums = sums
    }

    /// Lists one layer.
    ///
    /// - Parameters:
    ///   - source: the layer's bytes, checked against `layer` by whoever sends them before they say `finish`.
    ///   - layer: the digest of the compressed layer.
    ///   - observer: shown the files it wants.
    package func list<Observer: FileObserver>(
        _ source: LayerSource, layer: Digest, _ observer: inout Observer
    ) throws -> LayerListing {
        do {
            var tar = TarReader(try AheadStream(source, limit: sizeLimit))
            var listing = LayerListing(layer: layer)
            var summer = ContentSummer(sums)
            var total = 0
            while let entry = try tar.next() {
                // Holes take no room in the archive: what they unpack to is counted here, not by the inflater.
                total = total.addingReportingOverflow(entry.size).partialValue
                guard total >= 0, total <= sizeLimit else {
                    throw LayerError(
                        .tooLarge, "the layer's files are larger than \(sizeLimit) bytes together", path: entry.path)
                }
                guard entry.size > 0 else {
                    try listing.add(entry, sum: nil)
                    continue
                }
                let wanted = observer.wanted(entry)
                let head = try Self.read(&tar, wanted, &summer)
                if wanted > 0 { observer.see(entry, head: head) }
                try listing.add(entry, sum: summer.finalize())
            }
            var stream = tar.finish()
            listing.tarSize = try stream.drain()
            try source.drain()
            return listing
        } catch {
            source.cancel()
            try Cancellation.check()
            throw (error as? LayerError)?.inLayer(layer) ?? error
        }
    }

    /// Sums up the data of the entry the reader stands at; gives the first bytes of it.
    private static func read<Stream: ByteStream & ~Copyable>(
        _ tar: inout TarReader<Stream>, _ wanted: Int, _ summer: inout ContentSummer
    ) throws -> [UInt8] {
        var head: [UInt8] = []
        while true {
            let bytes = unsafe try tar.read(atMost: 1 << 20)
            guard unsafe !bytes.isEmpty else { return head }
            unsafe summer.update(bytes)
            if head.count < wanted { unsafe head.append(contentsOf: bytes.prefix(wanted - head.count)) }
        }
    }
}

/// Lists one file's data that stands alone: compressed in any way that layers may be, or plain.
package struct StreamLister {
    /// Sums up what comes; gives its sum, its size, and the first bytes.
    ///
    /// - Parameters:
    ///   - source: the compressed bytes.
    ///   - limit: how many bytes there may be when decoded.
    ///   - wanted: how many of the first bytes are wanted.
    package static func read(
        _ source: LayerSource, limit: Int, wanted: Int, _ sums: ContentSum.Kind
    ) throws -> (sum: ContentSum, size: Int, head: [UInt8]) {
        var inflater = try Inflater(source, limit: limit, isHashed: false)
        var summer = ContentSummer(sums)
        var head: [UInt8] = []
        while true {
            let bytes = unsafe try inflater.next()
            guard unsafe !bytes.isEmpty else { break }
            unsafe summer.update(bytes)
            if head.count < wanted { unsafe head.append(contentsOf: bytes.prefix(wanted - head.count)) }
        }
        try source.drain()
        return (summer.finalize(), inflater.count, head)
    }
}
