import ByteKit
import Glibc
import LayerFS
import TestKit
import Testing

@Suite("Layer objects") struct LayerObjectTests {
    /// A layer with files of all sizes, attributes, links and twins.
    static let layer: [UInt8] = {
        var numbers = SeededNumbers(seed: 7)
        var items: [TarItem] = [.folder("d"), .file("empty")]
        for (index, size) in [1, 100, 4095, 4096, 4097, 8192, 12_293, 40_000].enumerated() {
            items.append(.file("d/noise\(index)", numbers.bytes(size)))
            items.append(.file("d/words\(index)", [UInt8](repeating: UInt8(index + 65), count: size)))
        }
        items.append(.file("zeros", [UInt8](repeating: 0, count: 20_000)))
        items.append(.file("d/twin", items[2].content))
        items.append(TarItem.file("x", "1").xattr("user.a", [1, 2, 3]).xattr("security.b", []))
        items += [.symlink("s", to: "d"), .hardLink("h", to: "x"), .characterDevice("c", 1, 3), .pipe("p")]
        return TarBuilder.archive(items)
    }()

    static let allSettings = BlockSettings.Compression.allCases.flatMap { compression in
        [4096, 1 << 17, 1 << 20].map { BlockSettings(compression: compression, level: 1, blockSize: $0) }
    }

    @Test("an object that was written is opened as the same object", arguments: allSettings)
    func roundTrip(settings: BlockSettings) throws {
        let workspace = try LayerWorkspace(settings)
        let path = workspace.freshPath()
        let made = try workspace.compile(Self.layer, to: path)
        let opened = try #require(LayerObject.open(path, layer: made.layer, settings: settings))
        #expect(opened.diffID == Digest(of: Self.layer))
        #expect(opened.tarSize == Self.layer.count)
        #expect(opened.settings == settings)
        #expect(Self.signature(opened) == Self.signature(made))
        let (first, second) = (
            try workspace.squash(workspace.link([made])).path, try workspace.squash(workspace.link([opened])).path
        )
        #expect(try InputFile.contents(of: first, limit: 1 << 26) == InputFile.contents(of: second, limit: 1 << 26))
    }

    /// Everything an object says, as text.
    private static func signature(_ object: LayerObject) -> [String] {
        object.entries.map { "\(text(object.path(of: $0))) \(text(object.target(of: $0))) \($0)" }
            + object.contents.map { "\($0)" } + object.blocks.map { "\($0)" } + object.xattrSets.map { "\($0)" }
            + ["\(object.fragments) \(object.blockOffsets) \(object.diffID) \(object.tarSize)"]
    }

    @Test("the object's bytes do not depend on how many threads there are, nor on how the layer arrives")
    func threads() throws {
        var objects: Set<[UInt8]> = []
        for (threads, pieces) in [(1, nil), (2, 1000), (8, 333), (8, nil), (2, 513)] {
            let workspace = try LayerWorkspace(threads: threads)
            let path = workspace.freshPath()
            _ = try workspace.compile(Self.layer, pieces: pieces, to: path)
            objects.insert(try InputFile.contents(of: path, limit: 1 << 26))
        }
        #expect(objects.count == 1)
    }

    @Test("two builds that compile one layer to one place at once both have a whole object")
    func twoBuilds() throws {
        let workspace = try LayerWorkspace()
        let path = workspace.freshPath()
        let made = Monitor([LayerObject]())
        let compiler = LayerCompiler(settings: workspace.settings, pool: workspace.pool)
        let builds = try (0..<4).map { _ in
            try Thread {
                let source = LayerSource()
                source.send(Self.layer, pieces: Self.layer.count)
                let digest = Digest(of: Self.layer)
                guard let object = try? compiler.compile(source, layer: digest, diffID: nil, to: path) else { return }
                made.withLock { $0.append(object) }
            }
        }
        builds.forEach { $0.join() }
        let objects =
            made.withLock { $0 } + [
                try #require(LayerObject.open(path, layer: Digest(of: Self.layer), settings: .small))
            ]
        #expect(objects.count == 5)
        #expect(Set(objects.map { Self.signature($0) }).count == 1)
        // An object that was replaced while it was in use is still read as it was.
        for object in objects { #expect(throws: Never.self) { try workspace.squash(workspace.link([object])) } }
        #expect(try Folder.names(in: workspace.folder.path).count { $0.contains("partial") } == 0)
    }

    @Test("an object knows which contents may be ELF files, when it is made and when it is opened")
    func marksELF() throws {
        let magic: [UInt8] = [0x7f, 0x45, 0x4c, 0x46]
        let items = [4, 63, 64, 4095, 4096, 20_000].flatMap { size in
            [
                TarItem.file("elf\(size)", magic + [UInt8](repeating: 1, count: size - 4)),
                TarItem.file("other\(size)", [UInt8](repeating: 1, count: size)),
            ]
        }
        let workspace = try LayerWorkspace()
        let path = workspace.freshPath()
        let made = try workspace.compile(TarBuilder.archive(items), to: path)
        let opened = try #require(LayerObject.open(path, layer: made.layer, settings: workspace.settings))
        for object in [made, opened] {
            let marked = object.entries.filter { object.contents[Int($0.content)].isELF }
            #expect(marked.map { text(object.path(of: $0)) } == ["elf64", "elf4095", "elf4096", "elf20000"])
        }
    }

    @Test("the same bytes are stored once, whatever they are called")
    func duplicates() throws {
        let workspace = try LayerWorkspace()
        var numbers = SeededNumbers(seed: 9)
        for size in [100, 4096, 20_000] {
            let content = numbers.bytes(size)
            let path = workspace.freshPath()
            let object = try workspace.compile(TarBuilder.archive((0..<10).map { .file("\($0)", content) }), to: path)
            if size < BlockSettings.small.blockSize { #expect(object.contents.count == 1) }
            let image = try workspace.squash(workspace.link([object])).path
            #expect(try InputFile(image).size < size + 8192)
        }
    }

    @Test(
        "any stretch of any file is read back",
        arguments: [BlockSettings.small, BlockSettings(compression: .gzip, level: 1, blockSize: 1 << 17)])
    func stretches(settings: BlockSettings) throws {
        let workspace = try LayerWorkspace(settings)
        var numbers = SeededNumbers(seed: 12)
        let sizes = [0, 1, 4095, 4096, 4097, 12_293, 140_000]
        let files =
            sizes.map { numbers.bytes($0) } + [
                [UInt8](repeating: 0, count: 9000), numbers.bytes(5000) + [UInt8](repeating: 0, count: 5000),
            ]
        let linked = try workspace.link([TarBuilder.archive(files.enumerated().map { .file("\($0)", $1) })])
        for (index, file) in files.enumerated() {
            guard let content = try linked.inode(at: "\(index)").content else {
                #expect(file.isEmpty)
                continue
            }
            #expect(linked.contents.size(of: content) == file.count)
            for _ in 0..<30 {
                let (offset, count) = (numbers.below(file.count + 10), numbers.below(9000))
                let expected = offset < file.count ? Array(file[offset..<min(file.count, offset + count)]) : []
                #expect(try linked.contents.read(content, at: offset, count: count) == expected, "\(offset), \(count)")
            }
            #expect(try linked.contents.read(content, at: -1, count: 5) == [])
            #expect(try linked.contents.read(content, at: 0, count: -1) == [])
            #expect(try linked.contents.read(content, at: 0, count: .max) == file)
        }
    }

    @Test("an object is not opened for another layer or other settings", arguments: allSettings)
    func otherKeys(settings: BlockSettings) throws {
        let workspace = try LayerWorkspace(settings)
        let path = workspace.freshPath()
        let layer = try workspace.compile(Self.layer, to: path).layer
        #expect(LayerObject.open(path, layer: Digest(of: []), settings: settings) == nil)
        var others = Self.allSettings.filter { $0 != settings }
        others.append(BlockSettings(compression: settings.compression, level: 2, blockSize: settings.blockSize))
        for other in others { #expect(LayerObject.open(path, layer: layer, settings: other) == nil, "\(other.name)") }
        #expect(Set((others + [settings]).map(\.name)).count == others.count + 1)
    }

    @Test("what is no object is not opened")
    func notAnObject() throws {
        let workspace = try LayerWorkspace()
        let digest = Digest(of: [])
        #expect(LayerObject.open("\(workspace.folder.path)/none", layer: digest, settings: .small) == nil)
        #expect(LayerObject.open(workspace.folder.path, layer: digest, settings: .small) == nil)
        for bytes in [[], Array("SCARLAYR".utf8), [UInt8](repeating: 0, count: 4096)] {
            let path = workspace.freshPath()
            try OutputFile.write(bytes, to: path)
            #expect(LayerObject.open(path, layer: digest, settings: .small) == nil)
        }
    }

    /// A small object, its bytes, and where its data ends.
    private struct Specimen {
        let workspace: LayerWorkspace
        let path: String
        let object: LayerObject
        let bytes: [UInt8]
        let dataEnd: Int

        init() throws {
            workspace = try LayerWorkspace(BlockSettings(compression: .zstd, level: 1, blockSize: 4096), threads: 1)
            path = workspace.freshPath()
            var numbers = SeededNumbers(seed: 8)
            object = try workspace.compile(
                TarBuilder.archive([
                    .folder("d"), TarItem.file("d/small", "few bytes").xattr("user.x", [1]),
                    .file("d/blocks", numbers.bytes(9000)),
                    .file("d/other", numbers.bytes(700)), .file("d/zeros", [UInt8](repeating: 0, count: 10_000)),
                    .symlink("s", to: "d/small"), .hardLink("h", to: "d/small"),
                ]), to: path)
            bytes = try InputFile.contents(of: path, limit: 1 << 20)
            dataEnd = try #require(object.blockOffsets.last)
        }

        /// Opens the object as these bytes.
        func open(_ bytes: [UInt8]) throws -> LayerObject? {
            let path = workspace.freshPath("changed")
            try OutputFile.write(bytes, to: path)
            return LayerObject.open(path, layer: object.layer, settings: workspace.settings)
        }
    }

    @Test("a torn object is not opened, wherever it was torn")
    func torn() throws {
        let specimen = try Specimen()
        let count = specimen.bytes.count
        for length in Array(stride(from: 0, to: count, by: 64)) + Array((count - 70)..<count) {
            #expect(try specimen.open(Array(specimen.bytes[..<length])) == nil, "\(length) of \(count)")
        }
        #expect(try specimen.open(specimen.bytes + [0]) == nil)
        #expect(try specimen.open(specimen.bytes) != nil)
    }

    @Test("a flipped bit in header, tables or trailer makes it nobody's object, or changes nothing")
    func flippedBits() throws {
        let specimen = try Specimen()
        let expected = Self.signature(specimen.object)
        var numbers = SeededNumbers(seed: 10)
        var refused = 0
        let places = Array(0..<64) + Array(specimen.dataEnd..<specimen.bytes.count)
        for _ in 0..<3000 {
            var bytes = specimen.bytes
            bytes[numbers.pick(places)] ^= 1 << UInt8(numbers.below(8))
            if let object = try specimen.open(bytes) {
                #expect(Self.signature(object) == expected)
            } else {
                refused += 1
            }
        }
        #expect(refused > 2500)
    }

    @Test("a flipped bit in the data is found when linking, and the object is named")
    func flippedData() throws {
        let specimen = try Specimen()
        for place in stride(from: 64, to: specimen.dataEnd, by: 37) {
            var bytes = specimen.bytes
            bytes[place] ^= 4
            let object = try #require(try specimen.open(bytes))
            let linked = try specimen.workspace.link([object])
            let error = #expect(throws: LayerError.self, "byte \(place)") { try specimen.workspace.squash(linked) }
            #expect(error?.code == .damagedObject)
            #expect(error?.code.rawValue == "layer-object-damaged")
            #expect(error?.layer == object.layer)
            #expect(error?.message.contains(specimen.workspace.folder.path) == true)
            // Whoever reads a file before linking finds it as well.
            #expect(throws: LayerError.self) { try linked.order.preorder.map { try linked.bytes(of: $0) } }
        }
    }

    @Test("a flipped bit in a fragment that is packed anew is found, too")
    func flippedRepackedData() throws {
        let specimen = try Specimen()
        guard case .tail(let fragment, _) = specimen.object.contents[0].place else {
            Issue.record("the small file has no tail")
            return
        }
        var bytes = specimen.bytes
        bytes[specimen.object.blockOffsets[Int(specimen.object.fragments[fragment])] + 5] ^= 1
        let object = try #require(try specimen.open(bytes))
        let rules = Linker.Rules(prune: [PruneRule("one", "a test", ["d/other"])])
        expect(.damagedObject) { try specimen.workspace.squash(try specimen.workspace.link([object], rules)) }
    }

    @Test("an object that is cut off after it was opened is damaged like any other, wherever it is cut")
    func cutOffInUse() throws {
        let specimen = try Specimen()
        let all = Linker.Rules()
        let repacked = Linker.Rules(prune: [PruneRule("one", "a test", ["d/other"])])
        for length in [0, 64, specimen.dataEnd / 2, specimen.dataEnd - 1] {
            for rules in [all, repacked] {
                let path = specimen.workspace.freshPath("cut")
                try OutputFile.write(specimen.bytes, to: path)
                let object = try #require(
                    LayerObject.open(path, layer: specimen.object.layer, settings: specimen.workspace.settings))
                let linked = try specimen.workspace.link([object], rules)
                #expect(unsafe truncate(path, off_t(length)) == 0)
                let error = #expect(throws: LayerError.self, "\(length)") { try specimen.workspace.squash(linked) }
                #expect(error?.code == .damagedObject)
                #expect(error?.layer == object.layer)
                expect(.damagedObject) { try linked.order.preorder.map { try linked.bytes(of: $0) } }
            }
        }
    }

    @Test("an object whose checksum was made to fit a changed table never makes linking trap")
    func forged() throws {
        let specimen = try Specimen()
        let header = Array(specimen.bytes[..<64])
        let tables = Array(specimen.bytes[specimen.dataEnd..<(specimen.bytes.count - 64)])
        var numbers = SeededNumbers(seed: 11)
        var opened = 0
        for _ in 0..<2000 {
            var changed = tables
            for _ in 0...numbers.below(3) {
                changed[numbers.below(changed.count)] = numbers.once(in: 3) ? 0xff : UInt8(numbers.below(256))
            }
            var bytes = specimen.bytes
            bytes.replaceSubrange(specimen.dataEnd..<specimen.dataEnd + tables.count, with: changed)
            bytes.replaceSubrange((bytes.count - 48)..<(bytes.count - 16), with: Digest(of: header + changed).bytes)
            guard let object = try specimen.open(bytes) else { continue }
            opened += 1
            // Whatever is left to read is an image or a typed error.
            do {
                let linked = try specimen.workspace.link([object])
                _ = try specimen.workspace.squash(linked)
            } catch is LayerError {}
        }
        #expect(opened > 100)
    }
}
