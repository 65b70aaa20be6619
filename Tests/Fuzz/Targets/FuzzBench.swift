internal import ByteKit
internal import LayerFS

/// The tools that targets work with, made once: a folder of files that are written over, and one thread that compresses.
package final class FuzzBench: Sendable {
    let folder: String
    let pool: WorkerPool
    /// Layers may unpack to this much: inputs are small, and what they blow up to is bounded in the same place as always.
    static let layerLimit = 1 << 20

    /// - Parameter folder: an empty folder, best of all in memory.
    package init(_ folder: String) throws {
        self.folder = folder
        pool = try WorkerPool(width: 1)
    }

    /// The settings an input is compiled with: each has its own path through the writer, and small blocks make small
    /// files interesting.
    static func settings(for bytes: [UInt8]) -> BlockSettings {
        switch bytes.count % 4 {
        case 0: BlockSettings(compression: .zstd, level: 1, blockSize: 4096)
        case 1: BlockSettings(compression: .gzip, level: 1, blockSize: 8192)
        default: BlockSettings(compression: .none, level: 1, blockSize: 4096)
        }
    }

    /// Compiles a layer as it would come from a registry; the number tells its object from those of other layers.
    func compile(_ bytes: [UInt8], _ settings: BlockSettings, number: Int = 0) throws -> LayerObject {
        let source = LayerSource()
        // No second thread: the source holds sixteen pieces without anybody taking them.
        let pieces = bytes.count % 3 == 0 ? 1 : min(15, max(1, bytes.count))
        let length = max(1, (bytes.count + pieces - 1) / pieces)
        for start in stride(from: 0, to: bytes.count, by: length) {
            let piece = Array(bytes[start..<min(bytes.count, start + length)])
            _ = unsafe piece.withUnsafeBytes { unsafe source.send($0) }
        }
        source.finish()
        return try LayerCompiler(settings: settings, pool: pool, sizeLimit: Self.layerLimit)
            .compile(source, layer: Digest(of: bytes), diffID: nil, to: objectPath(number))
    }

    func objectPath(_ number: Int) -> String { "\(folder)/object\(number)" }

    /// Writes bytes to a file of the folder and gives its path.
    func put(_ bytes: [UInt8], _ name: String) throws -> String {
        let path = "\(folder)/\(name)"
        var file = try OutputFile(path, bufferSize: 4096)
        try file.write(bytes)
        try file.finish()
        return path
    }
}
