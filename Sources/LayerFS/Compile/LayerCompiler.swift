package import ByteKit

/// Turns a layer's compressed tar stream into a layer object, in one pass and in bounded memory.
package struct LayerCompiler: Sendable {
    package let settings: BlockSettings
    /// How many bytes a layer may unpack to.
    package let sizeLimit: Int
    private let pool: WorkerPool
    private let room: EntryRoom

    /// - Parameters:
    ///   - settings: how data is cut and compressed.
    ///   - pool: the threads that compress.
    ///   - sizeLimit: how many bytes a layer may unpack to; Lambda takes no image over 10 GB.
    ///   - roomLimit: how many bytes a layer's names and attributes may take.
    package init(
        settings: BlockSettings, pool: WorkerPool, sizeLimit: Int = LayerLister.usualLimit,
        roomLimit: Int = EntryRoom.usual
    ) {
        self.settings = settings
        self.pool = pool
        self.sizeLimit = sizeLimit
        room = EntryRoom(roomLimit)
    }

    /// Compiles one layer.
    ///
    /// - Parameters:
    ///   - source: the layer's bytes, checked against `layer` by whoever sends them before they say `finish`.
    ///   - layer: the digest of the compressed layer.
    ///   - diffID: what the image's config says about the uncompressed bytes; nil when it says nothing.
    ///   - path: where the object goes. It appears there only when everything was right.
    package func compile(_ source: LayerSource, layer: Digest, diffID: Digest?, to path: String) throws -> LayerObject {
        do {
            var tar = TarReader(try Inflater(source, limit: sizeLimit))
            let writer = try LayerObjectWriter(path, layer: layer, settings: settings, pool: pool, room: room)
            var total = 0
            var entries = 0
            while let entry = try tar.next() {
                entries += 1
                guard entries <= LayerListing.entryLimit
                else {
                    throw LayerError(
                        .tooLarge, "the layer has more than \(LayerListing.entryLimit) entries", path: entry.path)
                }
                // Holes take no room in the archive: what they unpack to is counted here, not by the inflater.
                total = total.addingReportingOverflow(entry.size).partialValue
                guard total >= 0, total <= sizeLimit
                else {
                    throw LayerError(
                        .tooLarge, "the layer's files are larger than \(sizeLimit) bytes together", path: entry.path)
                }
                let content = entry.size > 0 ? try writer.addContent(size: entry.size, from: &tar) : nil
                try writer.add(entry, content: content)
            }
            var inflater = tar.finish()
            let found = try inflater.drain()
            // A decoder may see the end of its stream before the end of the bytes: nothing is kept before the sender
            // has vouched for all of them.
            try source.drain()
            guard diffID == nil || diffID == found else {
                throw LayerError(
                    .diffIDMismatch,
                    "the layer unpacks to \(found), and the image's config promises \(diffID?.description ?? "")",
                    hint: "the image was put together wrongly or tampered with; ask its publisher")
            }
            return try writer.finish(diffID: found, tarSize: inflater.count)
        } catch {
            source.cancel()
            try Cancellation.check()
            throw (error as? LayerError)?.inLayer(layer) ?? error
        }
    }
}
