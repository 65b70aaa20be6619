package import LayerFS

/// What is noticed while a layer is listed: package databases, and files that look like secrets.
package struct LayerObserver: FileObserver, Sendable {
    /// A file of a package database.
    package struct Document: Sendable {
        package var path: [UInt8]
        /// The number of its content in the layer.
        package var content: Int32
        package var bytes: [UInt8]
    }

    /// A file that matches rules about secrets.
    package struct Sighting: Sendable {
        package var path: [UInt8]
        package var content: Int32
        /// Numbers of rules in `SecretRule.all`.
        package var rules: [Int]
    }

    package private(set) var documents: [Document] = []
    package private(set) var sightings: [Sighting] = []
    /// Files of package databases that are too large to be read.
    package private(set) var passedOver: [[UInt8]] = []

    /// How many contents were asked about.
    private var contents: Int32 = 0
    private var documentBytes = 0

    /// Bounds on what an image can make us keep.
    private static let documentLimit = 16 << 20
    private static let documentsLimit = 24 << 20
    private static let sightingLimit = 10_000

    package init() {}

    package mutating func wanted(_ entry: TarEntry) -> Int {
        contents += 1
        let wanted = peek(entry)
        if wanted < entry.size, PackageDatabase.isPart(entry.path), passedOver.count < 100 {
            passedOver.append(entry.path)
        }
        return wanted
    }

    /// How many of a file's first bytes would be wanted.
    func peek(_ entry: TarEntry) -> Int {
        guard PackageDatabase.isPart(entry.path) else { return min(entry.size, SecretScanner.depth) }
        let isRoomLeft = entry.size <= Self.documentLimit && documentBytes + entry.size <= Self.documentsLimit
        return isRoomLeft ? entry.size : min(entry.size, SecretScanner.depth)
    }

    /// Whether anything would be kept of a file.
    func isOfInterest(_ entry: TarEntry, _ head: [UInt8]) -> Bool {
        PackageDatabase.isPart(entry.path) || !SecretScanner.scan(entry.path, head).isEmpty
    }

    package mutating func see(_ entry: TarEntry, head: [UInt8]) {
        if PackageDatabase.isPart(entry.path), head.count == entry.size,
            documentBytes + head.count <= Self.documentsLimit
        {
            documentBytes += head.count
            documents.append(Document(path: entry.path, content: contents - 1, bytes: head))
            return
        }
        guard sightings.count < Self.sightingLimit else { return }
        let rules = SecretScanner.scan(entry.path, head)
        if !rules.isEmpty { sightings.append(Sighting(path: entry.path, content: contents - 1, rules: rules)) }
    }
}
