package import ByteKit
internal import LayerFS
internal import SquashFS

/// Lists a squashfs image as if it were a layer.
package enum SquashSurvey {
    /// A whole file that is an image.
    package static func survey(_ path: String, sums: ContentSum.Kind = .mark) throws -> Survey {
        let file = try InputFile(path)
        let digest = try Digest(of: file)
        let layer = try layer(of: file, at: 0, size: file.size, digest, sums)
        return Survey(name: path, kind: .squashfs, digest: digest, size: file.size, layers: [layer])
    }

    /// An image inside an open file.
    static func layer(
        of file: borrowing InputFile, at offset: Int, size: Int, _ digest: Digest, _ sums: ContentSum.Kind
    ) throws -> Survey.Layer {
        do throws(SquashError) {
            let reader = try SquashReader(descriptor: file.descriptor, offset: offset, length: size)
            var walker = SquashWalk(reader, sums)
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
    private var files: [(entry: TarEntry, inode: SquashInode)] = []
    /// The first name of each file that has several.
    private var first: [UInt64: [UInt8]] = [:]

    private static let pieceSize = 1 << 20

    init(_ reader: SquashReader, _ kind: ContentSum.Kind) {
        self.reader = reader
        self.kind = kind
    }

    mutating func layer(size: Int, _ digest: Digest) throws(SquashError) -> Survey.Layer {
        var walk = reader.walk()
        while let found = try walk.next() {
            try add(found)
        }
        // Neighbours share fragments; in another order a fragment would be unpacked for each of its files.
        let order = files.indices.sorted {
            let (left, right) = (files[$0].inode.file?.fragment?.index, files[$1].inode.file?.fragment?.index)
            return (left ?? 0, $0) < (right ?? 0, $1)
        }
        var observer = LayerObserver()
        var sums = [ContentSum?](repeating: nil, count: files.count)
        var heads: [(file: Int, bytes: [UInt8])] = []
        for file in order where files[file].entry.size > 0 && files[file].entry.kind == .file {
            guard !Cancellation.isRequested else { throw SquashError(.stopped) }
            let (sum, head) = try read(files[file].inode, wanted: observer.peek(files[file].entry))
            sums[file] = sum
            if !head.isEmpty, observer.isOfInterest(files[file].entry, head) { heads.append((file, head)) }
        }
        heads.sort { $0.file < $1.file }
        var listing = LayerListing(layer: digest)
        var next = 0
        for (index, file) in files.enumerated() {
            if sums[index] != nil { _ = observer.wanted(file.entry) }
            if next < heads.count, heads[next].file == index {
                observer.see(file.entry, head: heads[next].bytes)
                heads[next].bytes = []
                next += 1
            }
            do throws(LayerError) {
                try listing.add(file.entry, sum: sums[index])
            } catch {
                throw SquashError(.tooManyEntries, path: file.entry.path)
            }
        }
        return Survey.Layer(listing, observer, mediaType: "squashfs", size: size)
    }

    private mutating func add(_ found: SquashEntry) throws(SquashError) {
        let inode = found.inode
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
        if inode.attributeIndex != nil {
            entry.xattrs = try reader.attributes(of: inode)
                .map { TarEntry.Xattr(name: $0.name, value: $0.value) }
                .sorted { $0.name.lexicographicallyPrecedes($1.name) }
        }
        files.append((entry, inode))
    }

    private func read(_ inode: SquashInode, wanted: Int) throws(SquashError) -> (ContentSum, [UInt8]) {
        var summer = ContentSummer(kind)
        var head: [UInt8] = []
        var place = 0
        while let size = inode.file?.size, place < size {
            let bytes = try reader.read(inode, at: place, count: Self.pieceSize)
            summer.update(bytes)
            if head.count < wanted { head += bytes.prefix(wanted - head.count) }
            place += max(1, bytes.count)
        }
        return (summer.finalize(), head)
    }
}
