internal import ByteKit
internal import LayerFS

/// Two lists of files that are compared by path.
enum ListingPair {
    /// What is not the same, by path.
    static func compare(_ given: LayerListing, _ built: LayerListing) -> [PackageDifference.File] {
        var others: [[UInt8]: Int] = [:]
        for (index, entry) in built.entries.enumerated() { others[Array(built.path(of: entry))] = index }
        var files: [PackageDifference.File] = []
        var isInBoth: Set<[UInt8]> = []
        for entry in given.entries {
            let path = Array(given.path(of: entry))
            guard let index = others[path] else {
                files.append(PackageDifference.File(path: path, kind: .added))
                continue
            }
            isInBoth.insert(path)
            let traits = traits(given, entry, built, built.entries[index])
            if !traits.isEmpty { files.append(PackageDifference.File(path: path, kind: .changed, traits: traits)) }
        }
        for path in others.keys where !isInBoth.contains(path) {
            files.append(PackageDifference.File(path: path, kind: .missing))
        }
        return files.sorted { $0.path.lexicographicallyPrecedes($1.path) }
    }

    private static func traits(
        _ given: LayerListing, _ one: LayerObject.Entry, _ built: LayerListing, _ other: LayerObject.Entry
    ) -> [String] {
        guard one.kind == other.kind else { return ["type"] }
        func content(_ listing: LayerListing, _ entry: LayerObject.Entry) -> LayerListing.Content? {
            entry.content < 0 ? nil : listing.contents[Int(entry.content)]
        }
        func xattrs(_ listing: LayerListing, _ entry: LayerObject.Entry) -> [TarEntry.Xattr] {
            entry.xattrs < 0 ? [] : listing.xattrSets[Int(entry.xattrs)]
        }
        var traits: [String] = []
        if content(given, one) != content(built, other) { traits.append("content") }
        if one.mode != other.mode { traits.append("mode") }
        if one.userID != other.userID || one.groupID != other.groupID { traits.append("owner") }
        if one.modificationTime != other.modificationTime { traits.append("time") }
        if !given.target(of: one).elementsEqual(built.target(of: other)) { traits.append("target") }
        if one.deviceMajor != other.deviceMajor || one.deviceMinor != other.deviceMinor { traits.append("device") }
        if xattrs(given, one) != xattrs(built, other) { traits.append("attributes") }
        return traits
    }
}

/// Two tar archives, compressed in any way, that are compared file by file.
enum ArchivePair {
    /// - Parameter name: what the part is called.
    static func compare(
        _ given: borrowing InputFile, _ built: borrowing InputFile, name: [UInt8]
    ) throws -> PackageDifference.Part {
        var part = PackageDifference.Part(name: name, kind: .changed)
        part.bytes = try PackageDifference.ByteDifference.first(given, 0..<given.size, built, 0..<built.size)
        let files = ListingPair.compare(try listing(of: given), try listing(of: built))
        part.files = Array(files.prefix(PackageDifference.filesListed))
        part.filesLeftOut = files.count - part.files.count
        if files.isEmpty { part.traits.append("encoding") }
        return part
    }

    private struct NoObserver: FileObserver {
        func wanted(_ entry: TarEntry) -> Int { 0 }
        func see(_ entry: TarEntry, head: [UInt8]) {}
    }

    private static func listing(of file: borrowing InputFile) throws -> LayerListing {
        let source = LayerSource()
        let second = try InputFile(duplicating: file.descriptor, path: file.path)
        let sender = try Thread {
            do {
                unsafe try second.forEachPiece { unsafe source.send($0) }
                source.finish()
            } catch {
                source.fail()
            }
        }
        defer { sender.join() }
        var observer = NoObserver()
        do {
            return try LayerLister().list(source, layer: Digest(of: []), &observer)
        } catch let error as LayerError {
            throw ReportError(
                "archive-damaged", "the archive cannot be read: \(error.diagnostic.message)",
                location: Diagnostic.printable(file.path))
        }
    }
}
