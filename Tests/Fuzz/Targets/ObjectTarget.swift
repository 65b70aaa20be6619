internal import ByteKit
internal import LayerFS

extension FuzzBench {
    /// Whoever can write into the cache can write a checksum too, so the harness does: header and trailer are made right
    /// around whatever data and tables the input has. docs/layer-object.md.
    func object(_ bytes: [UInt8]) throws -> FuzzTarget.Outcome {
        let (headerSize, trailerSize) = (64, 64)
        guard bytes.count >= headerSize + trailerSize else { return .refused }
        let settings = Self.objectSettings(bytes[12])
        let layer = Digest(of: [])
        let header = try header(layer, settings)
        var size = 0
        // Where the trailer has it; what does not fit is cut, as the reader would refuse it at once.
        for index in (0..<8).reversed() { size = size << 8 & 0xffff_ffff | Int(bytes[bytes.count - 56 + index]) }
        size = min(size, bytes.count - headerSize - trailerSize)
        let offset = bytes.count - trailerSize - size
        let tables = Array(bytes[offset..<offset + size])
        var trailer: [UInt8] = []
        trailer.append(littleEndian: UInt64(offset))
        trailer.append(littleEndian: UInt64(size))
        trailer += Digest(of: header + tables).bytes
        trailer += [UInt8](repeating: 0, count: 8) + header.prefix(8)
        let path = try put(header + bytes[headerSize..<offset] + tables + trailer, "forged")
        guard let object = LayerObject.open(path, layer: layer, settings: settings) else { return .refused }
        return try use(object)
    }

    /// Each compression has its own way to be wrong.
    private static func objectSettings(_ number: UInt8) -> BlockSettings {
        switch number {
        case 6: BlockSettings(compression: .zstd, level: 1, blockSize: 4096)
        case 1: BlockSettings(compression: .gzip, level: 1, blockSize: 4096)
        default: BlockSettings(compression: .none, level: 1, blockSize: 4096)
        }
    }

    /// The header that the compiler writes now, whatever the version of the format.
    private func header(_ layer: Digest, _ settings: BlockSettings) throws -> [UInt8] {
        let path = "\(folder)/header-\(settings.name)"
        if let known = try? InputFile.contents(of: path, limit: 64) { return known }
        let source = LayerSource()
        source.finish()
        _ = try LayerCompiler(settings: settings, pool: pool).compile(
            source, layer: layer, diffID: nil, to: objectPath(9))
        let header = try InputFile(objectPath(9)).read(count: 64, at: 0)
        _ = try put(header, "header-\(settings.name)")
        return header
    }

    private func use(_ object: LayerObject) throws -> FuzzTarget.Outcome {
        do {
            let linker = Linker(settings: object.settings, pool: pool)
            let linked = try linker.link([object], Linker.Rules(prune: PruneRule.safe))
            try read(linked)
            _ = try linker.writeSquash(linked, to: "\(folder)/image", time: 0)
            return .accepted
        } catch is LayerError {
            return .refused
        }
    }

    /// A forged object may say that a few bytes are a terabyte of zeros: what is bounded is not how long a file is but
    /// how much of it is read at once.
    private func read(_ linked: Linker.LinkedTree) throws {
        for node in linked.order.preorder.prefix(256) {
            guard let content = linked.tree.inode(of: node).content else { continue }
            let size = linked.contents.size(of: content)
            for place in [0, size / 2, size - 1] {
                // Linking must take what reading refuses, and the other way round: neither ends the other.
                do { _ = try linked.contents.read(content, at: place, count: 10_000) } catch is LayerError {}
            }
        }
    }
}
