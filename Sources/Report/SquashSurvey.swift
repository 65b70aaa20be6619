package import ByteKit
internal import LayerFS
internal import SquashFS

/// Lists a squashfs image as if it were a layer.
package enum SquashSurvey {
    /// Bounds on what an image can make us do: in a few kilobytes it can name the same bytes a million times.
    package struct Limits: Sendable {
        /// Bytes that all files may have together, holes included.
        package var data = LayerLister.usualLimit
        /// Bytes that names and attributes of all entries may have together.
        package var names = 512 << 20

        package init() {}
    }

    /// A whole file that is an image.
    package static func survey(
        _ path: String, sums: ContentSum.Kind = .mark, limits: Limits = Limits()
    ) throws -> Survey {
        let file = try InputFile(path)
        let digest = try Digest(of: file)
        let layer = try layer(of: file, at: 0, size: file.size, digest, sums, limits)
        return Survey(name: path, kind: .squashfs, digest: digest, size: file.size, layers: [layer])
    }

    /// An image inside an open file.
    static func layer(
        of file: borrowing InputFile, at offset: Int, size: Int, _ digest: Digest, _ sums: ContentSum.Kind,
        _ limits: Limits = Limits()
    ) throws -> Survey.Layer {
        do throws(SquashError) {
            let reader = try SquashReader(descriptor: file.descriptor, offset: offset, length: size)
            var walker = SquashWalk(reader, sums, limits)
            return try walker.layer(size: size, digest)
        } catch {
            if error.code == .stopped { throw Cancelled() }
            throw ReportError(error, of: file.path)
        }
    }
}

/// Goes through an image twice: once for its names, once for its data in the order in which that lies there.
private struct SquashWalk {
    private let reader: SquashReader
    private let kind: ContentSum.Kind
    private let limits: SquashSurvey.Limits
    /// What is left of them.
    private var left: SquashSurvey.Limits
    private var files: [(entry: TarEntry, inode: SquashInode)] = []
    /// Those of them that have data, in the order of the tree: what a content's number counts.
    private var contents: [Int] = []
    /// The first name of each file that has several.
    private var first: [UInt64: [UInt8]] = [:]
    /// Sets of attributes by their numbers in the image: files share them.
    private var attributes: [UInt32: [TarEntry.Xattr]] = [:]

    private static let pieceSize = 1 << 20
    /// What an attribute costs besides its bytes.
    private static let attributeSize = 128

    init(_ reader: SquashReader, _ kind: ContentSum.Kind, _ limits: SquashSurvey.Limits) {
        self.reader = reader
        self.kind = kind
        self.limits = limits
        left = limits
    }

    mutating func layer(size: Int, _ digest: Digest) throws(SquashError) -> Survey.Layer {
        var walk = reader.walk()
        while let found = try walk.next() {
            try Self.checkStop()
            try add(found)
        }
        var observer = LayerObserver()
        let sums = try readContents(&observer)
        var listing = LayerListing(layer: digest)
        var content = 0
        for (index, file) in files.enumerated() {
            let hasData = content < contents.count && contents[content] == index
            do throws(LayerError) {
                try listing.add(file.entry, sum: hasData ? sums[content] : nil)
            } catch {
                throw SquashError(.tooManyEntries, path: file.entry.path)
            }
            if hasData { content += 1 }
        }
        return Survey.Layer(listing, observer, mediaType: "squashfs", size: size)
    }

    /// Sums up all data, and shows the observer what it wants of each before the next is read: what it keeps of them is
    /// bounded, and nothing else is kept.
    private func readContents(_ observer: inout LayerObserver) throws(SquashError) -> [ContentSum?] {
        var sums = [ContentSum?](repeating: nil, count: contents.count)
        // Neighbours share fragments; in another order a fragment would be unpacked for each of its files.
        let order = contents.indices.sorted {
            (fragment(of: $0), $0) < (fragment(of: $1), $1)
        }
        for content in order {
            let (entry, inode) = files[contents[content]]
            let (sum, head) = try read(inode, wanted: observer.wanted(entry))
            sums[content] = sum
            if !head.isEmpty { observer.see(entry, head: head, content: Int32(content)) }
        }
        observer.sort()
        return sums
    }

    private func fragment(of content: Int) -> UInt32 { files[contents[content]].inode.file?.fragment?.index ?? 0 }

    private static func checkStop() throws(SquashError) {
        if Cancellation.isRequested { throw SquashError(.stopped) }
    }

    private mutating func add(_ found: SquashEntry) throws(SquashError) {
        let inode = found.inode
        guard files.count < LayerListing.entryLimit else { throw SquashError(.tooManyEntries, path: found.path) }
        var entry = TarEntry(
            kind: .file, path: found.path, mode: inode.permissions, userID: inode.owner, groupID: inode.group,
            modificationTime: Int64(inode.modified))
        switch inode.content {
        case .directory: entry.kind = .directory
        case .file(let file): entry.size = file.size
        case .symlink(let target):
            entry.kind = .symlink
            entry.target = target
        case .blockDevice(let device), .characterDevice(let device):
            if case .blockDevice = inode.content { entry.kind = .blockDevice } else { entry.kind = .characterDevice }
            // Linux, new_encode_dev: twelve bits of major between the minor's eight low and twelve high ones.
            entry.deviceMajor = device >> 8 & 0xfff
            entry.deviceMinor = device & 0xff | device >> 12 & 0xf_ff00
        case .fifo, .socket: entry.kind = .fifo
        }
        if !inode.isDirectory, inode.links > 1 {
            if let name = first[inode.reference] {
                entry.kind = .hardLink
                entry.target = name
                entry.size = 0
            } else {
                first[inode.reference] = found.path
            }
        }
        if let index = inode.attributeIndex { entry.xattrs = try attributes(index, of: inode, at: found.path) }
        try charge(entry)
        if entry.kind == .file, entry.size > 0 { contents.append(files.count) }
        files.append((entry, inode))
    }

    private mutating func attributes(
        _ index: UInt32, of inode: SquashInode, at path: [UInt8]
    ) throws(SquashError) -> [TarEntry.Xattr] {
        if let known = attributes[index] { return known }
        let set = try reader.attributes(of: inode)
            .map { TarEntry.Xattr(name: $0.name, value: $0.value) }
            .sorted { $0.name.lexicographicallyPrecedes($1.name) }
        try take(set.count * Self.attributeSize, of: \.names, for: path)
        attributes[index] = set
        return set
    }

    /// Takes from the limits what an entry says it is: once for each of its names, since each is looked at.
    private mutating func charge(_ entry: TarEntry) throws(SquashError) {
        let attributes = entry.xattrs.reduce(0) { $0 + $1.name.count + $1.value.count }
        try take(entry.path.count + entry.target.count + attributes, of: \.names, for: entry.path)
        try take(entry.size, of: \.data, for: entry.path)
    }

    private mutating func take(
        _ bytes: Int, of limit: WritableKeyPath<SquashSurvey.Limits, Int>, for path: [UInt8]
    ) throws(SquashError) {
        guard bytes <= left[keyPath: limit]
        else { throw SquashError(.tooLarge(limit: limits[keyPath: limit]), path: path) }
        left[keyPath: limit] -= bytes
    }

    private func read(_ inode: SquashInode, wanted: Int) throws(SquashError) -> (ContentSum, [UInt8]) {
        var summer = ContentSummer(kind)
        var head: [UInt8] = []
        var place = 0
        while let size = inode.file?.size, place < size {
            try Self.checkStop()
            let bytes = try reader.read(inode, at: place, count: Self.pieceSize)
            summer.update(bytes)
            if head.count < wanted { head += bytes.prefix(wanted - head.count) }
            place += max(1, bytes.count)
        }
        return (summer.finalize(), head)
    }
}
