internal import LayerFS

/// What the paths in a record of packages may take: records name a folder once and many files in it, so that a few bytes can
/// stand for many long paths.
struct PathRoom {
    private var left: Int

    /// What a path costs besides its bytes: an array's head, and its place in another.
    private static let cost = 64
    /// Records have more to say of a file than its path.
    private static let bytesForEach = 8
    /// What the shortest records may take.
    private static let base = 4096

    /// - Parameter size: bytes of the records.
    init(forRecordsOf size: Int) { left = Self.bytesForEach * size + Self.base }

    /// Whether there is none left.
    var isSpent: Bool { left < 0 }

    /// The path of a file in a folder, which ends with a slash, relative to the root. Nil for what is no path, and when there
    /// is no room left.
    mutating func path(_ folder: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>) -> [UInt8]? {
        // Before they are joined, and for what is refused as well: records can name a folder of megabytes a million times.
        left -= folder.count + name.count + Self.cost
        guard !isSpent, folder.count + name.count <= LayerPath.pathLimit else { return nil }
        let path = (folder + name).drop { $0 == UInt8(ascii: "/") }
        return path.isEmpty ? nil : Array(path)
    }
}

/// The lines of a text, one after another.
struct Lines: Sequence, IteratorProtocol {
    private var rest: ArraySlice<UInt8>?

    init(_ text: [UInt8]) { rest = text[...] }

    mutating func next() -> ArraySlice<UInt8>? {
        guard let text = rest else { return nil }
        let end = text.firstIndex(of: UInt8(ascii: "\n"))
        rest = end.map { text[($0 + 1)...] }
        return text[..<(end ?? text.endIndex)]
    }
}
