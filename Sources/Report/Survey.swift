package import ByteKit
package import ImageModel
package import LayerFS

/// All that was read of one thing that is to be inspected: an image, a recipe's image, an artifact, a package.
package struct Survey: Sendable {
    /// What it is.
    package enum Kind: String, Sendable {
        case image
        case rootfs = "tar"
        case recipe
        case squashfs
        case zip
    }

    /// What it was asked for as.
    package var name: String
    package var kind: Kind
    /// The manifest's digest, or the file's.
    package var digest: Digest?
    package var platform: String?
    /// Bytes as stored or served: of all layers together, or of the file.
    package var size: Int
    /// Base first.
    package var layers: [Layer]
    /// How it is started; nil for what does not say.
    package var config: ImageConfig?
    /// What pruning it could mean; for a recipe its own profile and rules first.
    package var prunings: [Pruning] = []
    /// What the build that made it removed; nil for what no build here made, or whose report is not beside it.
    package var removals: RemovalAccount?
    /// What could not be read and is worth telling.
    package var notes: [String] = []

    /// One layer as it was read.
    package struct Layer: Sendable {
        package var listing: LayerListing
        package var observer: LayerObserver
        package var mediaType: String
        /// Bytes as stored or served.
        package var size: Int
        /// The command that made it, for people; empty when nobody says.
        package var instruction = ""

        package init(_ listing: LayerListing, _ observer: LayerObserver, mediaType: String, size: Int) {
            self.listing = listing
            self.observer = observer
            self.mediaType = mediaType
            self.size = size
        }
    }

    /// A set of rules with a name.
    package struct Pruning: Sendable {
        package var name: String
        package var rules: [PruneRule]
        package var keep: [PathPattern]

        package init(_ name: String, _ rules: [PruneRule], keep: [PathPattern] = []) {
            self.name = name
            self.rules = rules
            self.keep = keep
        }
    }

    package init(
        name: String, kind: Kind, digest: Digest?, platform: String? = nil, size: Int, layers: [Layer],
        config: ImageConfig? = nil
    ) {
        self.name = name
        self.kind = kind
        self.digest = digest
        self.platform = platform
        self.size = size
        self.layers = layers
        self.config = config
        if let config { self.layers.name(by: config.history) }
    }
}

extension [Survey.Layer] {
    /// Gives each layer the command that made it. Steps of the history that made no layer are passed over; a history that
    /// has not one step for each layer says nothing. OCI image specification, "Image Configuration", history.
    fileprivate mutating func name(by history: [ImageConfig.HistoryEntry]) {
        let steps = history.filter { !$0.isEmptyLayer }
        guard steps.count == count else { return }
        for (index, step) in steps.enumerated() { self[index].instruction = Redaction.command(step.createdBy) }
    }
}
