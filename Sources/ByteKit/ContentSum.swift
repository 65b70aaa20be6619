/// What two contents have in common when they are equal, and only then.
package enum ContentSum: Hashable, Sendable {
    /// For comparing within this process: quick.
    case mark(ContentMark)
    /// For telling others.
    case digest(Digest)

    package enum Kind: Sendable {
        case mark
        case digest
    }

    /// The digest, of what was summed up for others.
    package var digest: Digest? {
        switch self {
        case .digest(let digest): digest
        case .mark: nil
        }
    }
}

/// A content's sum in the making.
package struct ContentSummer: ~Copyable {
    private let kind: ContentSum.Kind
    private var marker = ContentMarker()
    private var hasher = Sha256()

    package init(_ kind: ContentSum.Kind) { self.kind = kind }

    /// Adds bytes.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        switch kind {
        case .mark: unsafe marker.update(bytes)
        case .digest: unsafe hasher.update(bytes)
        }
    }

    /// Adds bytes.
    package mutating func update(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { unsafe update($0) }
    }

    /// Ends the content and gives its sum; the summer is then as new.
    package mutating func finalize() -> ContentSum {
        switch kind {
        case .mark: .mark(marker.finalize())
        case .digest: .digest(hasher.finalize())
        }
    }
}
