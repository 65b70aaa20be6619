internal import ByteKit
internal import LayerFS

/// Lists a zip archive: a function's package, a layer for functions, or any other.
///
/// A package of ours is shown as the function finds it: the image's files where they are in the image, whether they are in
/// a squashfs image or in the archive itself, and the rest in /var/task.
package enum ZipSurvey {
    package static func survey(_ path: String) throws -> Survey {
        let file = try InputFile(path)
        let digest = try FileSum.digest(of: file)
        let directory = try ZipDirectory(file)
        let form = Form(directory)
        var image: Survey.Layer?
        var parts = (image: Part(digest), package: Part(digest))
        for entry in directory.entries {
            try Cancellation.check()
            if form.isPackage, entry.path.elementsEqual("artifact.squashfs".utf8), !entry.isDeflated {
                let start = try directory.dataOffset(of: entry, in: file)
                image = try SquashSurvey.layer(of: file, at: start, size: entry.storedSize, digest)
                image?.instruction = "artifact.squashfs"
                continue
            }
            let (path, isImage) = form.place(of: entry.path)
            if isImage {
                try parts.image.add(entry, as: path, directory, file)
            } else {
                try parts.package.add(entry, as: path, directory, file)
            }
        }
        var layers = [image, parts.image.layer("files of the image")].compactMap(\.self)
        if let package = parts.package.layer(form.isPackage ? "the package" : "") { layers.append(package) }
        return Survey(name: path, kind: .zip, digest: digest, size: file.size, layers: layers)
    }

    /// What kind of archive it is. docs/package.md.
    private struct Form {
        let isPackage: Bool

        init(_ directory: ZipDirectory) {
            isPackage = ["bootstrap", "launch.json"].allSatisfy { name in
                directory.entries.contains { $0.path.elementsEqual(name.utf8) }
            }
        }

        func place(of path: [UInt8]) -> (path: [UInt8], isImage: Bool) {
            for folder in isPackage ? ["root/"] : ["scar/root/"] where path.starts(with: folder.utf8) {
                return (Array(path.dropFirst(folder.utf8.count)), true)
            }
            return isPackage ? (Array("var/task/".utf8) + path, false) : (path, false)
        }
    }

    /// The entries of an archive that become one layer.
    private struct Part {
        private var listing: LayerListing
        private var observer = LayerObserver()
        private var size = 0

        /// No entry may be larger: a package for Lambda is 250 MB at most, and others are not far above.
        private static let entryLimit = 4 << 30

        init(_ digest: Digest) { listing = LayerListing(layer: digest) }

        mutating func add(
            _ zipped: ZipDirectory.Entry, as path: [UInt8], _ directory: ZipDirectory, _ file: borrowing InputFile
        ) throws {
            let isFolder = zipped.path.last == UInt8(ascii: "/")
            let kind: TarEntry.Kind =
                isFolder ? .directory : zipped.mode & 0o170000 == 0o120000 ? .symlink : .file
            var entry = TarEntry(
                kind: kind, path: try LayerPath.clean(path),
                mode: zipped.mode == 0 ? (isFolder ? 0o755 : 0o644) : UInt16(truncatingIfNeeded: zipped.mode & 0o7777))
            size += zipped.storedSize
            guard kind != .directory, zipped.size > 0 else { return try listing.add(entry, mark: nil) }
            entry.size = zipped.size
            let wanted = kind == .symlink ? LayerPath.pathLimit : observer.wanted(entry)
            let (mark, head) = try Self.read(zipped, wanted: wanted, directory, file)
            guard kind == .file else {
                entry.target = head
                entry.size = 0
                return try listing.add(entry, mark: nil)
            }
            observer.see(entry, head: head)
            try listing.add(entry, mark: mark)
        }

        func layer(_ name: String) -> Survey.Layer? {
            guard !listing.entries.isEmpty else { return nil }
            var layer = Survey.Layer(listing, observer, mediaType: "zip", size: size)
            layer.instruction = name
            return layer
        }

        /// Marks an entry's data, unpacked; gives the first bytes of it. Its length must be what the archive says.
        private static func read(
            _ entry: ZipDirectory.Entry, wanted: Int, _ directory: ZipDirectory, _ file: borrowing InputFile
        ) throws -> (ContentMark, [UInt8]) {
            guard entry.size <= entryLimit else { throw ZipDirectory.damaged(file.path, "an entry is too large") }
            let start = try directory.dataOffset(of: entry, in: file)
            guard entry.isDeflated else { return try readStored(entry, from: start, wanted: wanted, file) }
            let source = LayerSource()
            let second = try InputFile(duplicating: file.descriptor, path: file.path)
            let sender = try Thread { send(entry, from: start, second, to: source) }
            defer { sender.join() }
            do {
                let found = try StreamLister.read(source, limit: entry.size, wanted: wanted)
                guard found.size == entry.size else { throw ZipDirectory.damaged(file.path, "an entry is shorter") }
                return (found.mark, found.head)
            } catch {
                source.cancel()
                throw error
            }
        }

        private static func readStored(
            _ entry: ZipDirectory.Entry, from start: Int, wanted: Int, _ file: borrowing InputFile
        ) throws -> (ContentMark, [UInt8]) {
            guard entry.size == entry.storedSize else { throw ZipDirectory.damaged(file.path, "an entry is shorter") }
            var marker = ContentMarker()
            var head: [UInt8] = []
            for place in stride(from: 0, to: entry.size, by: 1 << 20) {
                let bytes = try file.read(count: min(1 << 20, entry.size - place), at: start + place)
                marker.update(bytes)
                if head.count < wanted { head += bytes.prefix(wanted - head.count) }
            }
            return (marker.finalize(), head)
        }

        /// Hands on deflated data as a gzip member, which is the same between a head and a sum (RFC 1952).
        private static func send(
            _ entry: ZipDirectory.Entry, from start: Int, _ file: borrowing InputFile, to source: LayerSource
        ) {
            func send(_ bytes: [UInt8]) -> Bool { unsafe bytes.withUnsafeBytes { unsafe source.send($0) } }
            var isWanted = send([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])
            for place in stride(from: 0, to: entry.storedSize, by: 1 << 20) where isWanted {
                guard let bytes = try? file.read(count: min(1 << 20, entry.storedSize - place), at: start + place)
                else { return source.fail() }
                isWanted = send(bytes)
            }
            var tail: [UInt8] = []
            tail.append(littleEndian: entry.crc)
            tail.append(littleEndian: UInt32(truncatingIfNeeded: entry.size))
            if isWanted { _ = send(tail) }
            source.finish()
        }
    }
}
