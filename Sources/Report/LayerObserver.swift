package import LayerFS

/// What is noticed while a layer is listed: package databases, and files that look like secrets.
package struct LayerObserver: FileObserver, Sendable {
    /// A file of a package database, or the first bytes of another that says what is installed.
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
    /// Bytes that were kept of databases, and of other documents.
    private var kept = (databases: 0, heads: 0)

    /// Bounds on what an image can make us keep.
    private static let databasesLimit = 96 << 20
    private static let headsLimit = 32 << 20
    private static let headLimit = 16 << 10
    private static let sightingLimit = 10_000

    package init() {}

    /// Bytes that it keeps.
    package var weight: Int { kept.databases + kept.heads }

    package mutating func wanted(_ entry: TarEntry) -> Int {
        contents += 1
        let scanned = min(entry.size, SecretScanner.depth)
        guard let part = PackageDatabase.part(entry.path) else { return scanned }
        if part.limit == 0 { return min(entry.size, max(Self.headLimit, scanned)) }
        if entry.size <= part.limit, kept.databases + entry.size <= Self.databasesLimit { return entry.size }
        if passedOver.count < 100 { passedOver.append(entry.path) }
        return scanned
    }

    package mutating func see(_ entry: TarEntry, head: [UInt8]) { see(entry, head: head, content: contents - 1) }

    /// Sees a file's first bytes, for readers that come to files in another order than they have in the layer.
    ///
    /// - Parameter content: the number of its content in the layer.
    mutating func see(_ entry: TarEntry, head: [UInt8], content: Int32) {
        switch PackageDatabase.part(entry.path)?.limit {
        case 0?:
            if kept.heads + head.count <= Self.headsLimit {
                kept.heads += head.count
                documents.append(Document(path: entry.path, content: content, bytes: head))
            }
        case .some where head.count == entry.size && kept.databases + head.count <= Self.databasesLimit:
            kept.databases += head.count
            documents.append(Document(path: entry.path, content: content, bytes: head))
            return
        default: break
        }
        guard sightings.count < Self.sightingLimit else { return }
        let rules = SecretScanner.scan(entry.path, head)
        if !rules.isEmpty { sightings.append(Sighting(path: entry.path, content: content, rules: rules)) }
    }

    /// Brings what was seen in another order into the layer's.
    mutating func sort() {
        documents.sort { $0.content < $1.content }
        sightings.sort { $0.content < $1.content }
        passedOver.sort { $0.lexicographicallyPrecedes($1) }
    }
}
