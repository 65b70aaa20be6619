internal import ByteKit
internal import LayerFS
internal import SquashFS

extension FuzzBench {
    private static let mostLayers = 4

    /// Several streams are layers over each other, so that whiteouts and links meet something.
    func layer(_ bytes: [UInt8]) throws -> FuzzTarget.Outcome {
        let settings = Self.settings(for: bytes)
        do {
            var objects: [LayerObject] = []
            for (number, layer) in Self.layers(in: TarRepair.repaired(bytes)).enumerated() {
                let object = try compile(layer, settings, number: number)
                try checkOpensAgain(object, objectPath(number))
                objects.append(object)
            }
            let isFull = bytes.count % 2 == 0
            let rules = Linker.Rules(prune: isFull ? [] : PruneRule.safe, prefix: isFull ? nil : Self.prefix)
            let linker = Linker(settings: settings, pool: pool)
            try checkWritten(try linker.link(objects, rules, scratch: folder), linker)
            return .accepted
        } catch is LayerError {
            return .refused
        }
    }

    func stream(_ bytes: [UInt8]) throws -> FuzzTarget.Outcome {
        do {
            _ = try compile(bytes, BlockSettings(compression: .none, level: 1, blockSize: 4096))
            return .accepted
        } catch is LayerError {
            return .refused
        }
    }

    /// The input cut at blocks that begin with the separator.
    static func layers(in bytes: [UInt8]) -> [[UInt8]] {
        var layers: [[UInt8]] = []
        var start = 0
        for place in stride(from: 0, to: bytes.count, by: TarRepair.block)
        where layers.count + 1 < mostLayers && bytes[place...].starts(with: layerSeparator) {
            layers.append(Array(bytes[start..<place]))
            start = min(bytes.count, place + TarRepair.block)
        }
        return layers + [Array(bytes[start...])]
    }

    private static var layerSeparator: String.UTF8View { "next layer".utf8 }

    /// An input of several layers, base first.
    package static func stack(_ layers: [[UInt8]]) -> [UInt8] {
        let separator = Array(layerSeparator) + [UInt8](repeating: 0, count: TarRepair.block - layerSeparator.count)
        return Array(layers.joined(separator: separator))
    }

    /// What was compiled is what a later build finds in the cache.
    private func checkOpensAgain(_ object: LayerObject, _ path: String) throws {
        guard let opened = LayerObject.open(path, layer: object.layer, settings: object.settings)
        else { throw Finding("an object that was written is not opened") }
        try Finding.unless(
            opened.diffID == object.diffID && opened.tarSize == object.tarSize && opened.fragments == object.fragments
                && opened.blockOffsets == object.blockOffsets && opened.xattrSets == object.xattrSets
                && opened.entries.count == object.entries.count && opened.contents.count == object.contents.count,
            "an object that was written is opened as another")
        for (one, other) in zip(opened.entries, object.entries) {
            try Finding.unless(
                opened.path(of: one) == object.path(of: other) && opened.target(of: one) == object.target(of: other)
                    && one.content == other.content && one.xattrs == other.xattrs,
                "an entry is not what was written")
        }
    }

    /// The image that is written must say what the tree says.
    func checkWritten(_ linked: Linker.LinkedTree, _ linker: Linker) throws {
        let path = "\(folder)/image"
        _ = try linker.writeSquash(linked, to: path, time: 0)
        let image = try InputFile(path)
        let reader = try SquashReader(descriptor: image.descriptor)
        var walker = reader.walk()
        var read: Set<FileTree.ContentID> = []
        for node in linked.order.preorder {
            let inode = linked.tree.inode(of: node)
            guard let entry = try walker.next() else { throw Finding("the image lacks names of the tree") }
            try Finding.unless(
                entry.path.elementsEqual(linked.tree.path(of: node)), "the image has another name in this place")
            _ = try reader.attributes(of: entry.inode)
            if case .symlink(let target) = entry.inode.content {
                try Finding.unless(target == inode.target, "a symlink leads elsewhere")
            }
            guard let content = inode.content, read.insert(content).inserted else { continue }
            let size = linked.contents.size(of: content)
            try Finding.unless(size == entry.inode.file?.size, "a file has another size")
            let bytes = try reader.contents(of: entry.inode, limit: size)
            try Finding.unless(
                try bytes == linked.contents.read(content, at: 0, count: size), "a file has other bytes than its layer")
        }
        try Finding.unless(try walker.next() == nil, "the image has names that the tree has not")
    }
}
