import ByteKit
import LayerFS
import TestKit
import Testing

/// Layers with a name, and the tree they must become.
struct TreeFixture: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let layers: [[TarItem]]
    let tree: [String]
    let warnings: Int

    init(_ name: String, _ layers: [TarItem]..., becomes tree: [String], warnings: Int = 0) {
        testDescription = name
        self.layers = layers
        self.tree = tree
        self.warnings = warnings
    }

    func check() throws {
        let workspace = try LayerWorkspace()
        let linked = try workspace.link(layers.map { TarBuilder.archive($0) })
        #expect(try linked.brief() == tree)
        #expect(linked.tree.warnings.count == warnings, "\(linked.tree.warnings)")
        // What was merged can also be written, and our reader finds the same in it.
        let image = try workspace.squash(linked).path
        expectSame(try Listing(squash: image), try Listing(linked))
    }
}

/// Layers with a name, and the error they must be refused with.
struct RefusedFixture: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let layers: [[UInt8]]
    let code: LayerError.Code

    init(_ name: String, _ layers: [TarItem]..., refused code: LayerError.Code) {
        self.init(name, archives: layers.map { TarBuilder.archive($0) }, refused: code)
    }

    init(_ name: String, archives: [[UInt8]], refused code: LayerError.Code) {
        testDescription = name
        layers = archives
        self.code = code
    }

    init(_ name: String, refused code: LayerError.Code, _ build: (inout TarBuilder) -> Void) {
        var builder = TarBuilder()
        build(&builder)
        self.init(name, archives: [builder.finished()], refused: code)
    }

    func check() throws {
        let workspace = try LayerWorkspace()
        let error = #expect(throws: LayerError.self) { try workspace.link(layers) }
        #expect(error?.code == code)
        #expect(error?.layer != nil)
        // What people are told is fit for a terminal, whatever stood in the layer.
        if let error { #expect(error.diagnostic.description.utf8.allSatisfy { $0 >= 0x20 || $0 == 0x0a }) }
    }
}
