import ByteKit
import LayerFS
import SquashFS
import TestKit
import Testing

@Suite("The order of data in an image") struct DataOrderTests {
    private let workspace: LayerWorkspace
    private let layers: [[UInt8]]
    private let files: [(path: String, bytes: [UInt8])]

    init() throws {
        workspace = try LayerWorkspace()
        var numbers = SeededNumbers(seed: 41)
        files = (0..<40).map { ("dir/file-\($0)", numbers.bytes($0 % 2 == 0 ? 300 + $0 : 9000 + $0)) }
        let items = files.map { TarItem.file($0.path, $0.bytes) }
        layers = [
            TarBuilder.archive(Array(items[..<20])),
            TarBuilder.archive(Array(items[20...]) + [.symlink("link", to: "/dir/file-21")]),
        ]
    }

    private func image(first: [String]) throws -> (linked: Linker.LinkedTree, path: String) {
        var rules = Linker.Rules()
        rules.first = first.map { Array($0.utf8) }
        let linked = try workspace.link(layers, rules)
        return (linked, try workspace.squash(linked).path)
    }

    /// Where noise of ours stands in the image: noise is stored as it is.
    private func place(of file: Int, in image: [UInt8]) throws -> Int {
        let needle = files[file].bytes.prefix(200)
        return try #require(image.firstRange(of: needle)?.lowerBound)
    }

    @Test("begins with the files that were asked for, small ones together and then large ones, in the order asked for")
    func first() throws {
        let asked = ["/dir/file-37", "dir/file-8", "dir/file-3", "/dir/file-30"]
        let (_, path) = try image(first: asked)
        let bytes = try InputFile.contents(of: path, limit: 1 << 24)
        let places = try [8, 30, 37, 3].map { try place(of: $0, in: bytes) }
        #expect(places == places.sorted())
        let others = try (0..<40).filter { ![8, 30, 37, 3].contains($0) }.map { try place(of: $0, in: bytes) }
        #expect(try #require(places.last) < #require(others.min()))
    }

    @Test("changes nothing in the tree, and every file is as before")
    func sameTree() throws {
        let (linked, path) = try image(first: ["dir/file-39", "dir/file-0", "dir/file-1", "dir/file-38"])
        let read = try contents(of: files.map(\.path), in: path)
        for (file, read) in zip(files, read) {
            #expect(read == file.bytes, "\(file.path)")
            #expect(try linked.bytes(at: file.path) == file.bytes)
        }
    }

    private func contents(of paths: [String], in image: String) throws -> [[UInt8]] {
        let file = try InputFile(image)
        let reader = try SquashReader(descriptor: file.descriptor)
        let contents = try paths.map { try reader.contents(of: try reader.inode(path: Array($0.utf8)), limit: 1 << 20) }
        // The file stays open until here.
        #expect(file.size > 0)
        return contents
    }

    @Test("follows symlinks, takes each file once, and says how many paths are none")
    func oddPaths() throws {
        let (linked, path) = try image(first: ["link", "dir/file-21", "dir/missing", "dir", ""])
        #expect(linked.report.warnings == ["3 of 5 paths that are to come first are no files of the tree"])
        let bytes = try InputFile.contents(of: path, limit: 1 << 24)
        let place = try place(of: 21, in: bytes)
        #expect(try (0..<40).allSatisfy { try $0 == 21 || self.place(of: $0, in: bytes) > place })
    }

    @Test("is as without a list when nothing on the list is there")
    func nothingFound() throws {
        let (_, with) = try image(first: ["nowhere"])
        let (_, without) = try image(first: [])
        #expect(try InputFile.contents(of: with, limit: 1 << 24) == InputFile.contents(of: without, limit: 1 << 24))
    }

    @Test("keeps holes of the same blocks in different places apart")
    func holesAreNoTwins() throws {
        var numbers = SeededNumbers(seed: 43)
        let (noise, hole) = (numbers.bytes(4096), [UInt8](repeating: 0, count: 4096))
        let linked = try workspace.link([TarBuilder.archive([.file("a", hole + noise), .file("b", noise + hole)])])
        let read = try contents(of: ["a", "b"], in: try workspace.squash(linked).path)
        #expect(read == [hole + noise, noise + hole])
    }
}
