internal import ByteKit
package import LayerFS

/// What a survey comes to: everything that reports, comparisons and gates are made from.
package struct Inspection: Sendable {
    package let survey: Survey
    /// The files as they are seen, all layers laid over each other.
    package let tree: FileTree
    package let order: FileTree.Order
    package let totals: Totals
    package let layers: [LayerFigures]
    /// Heaviest first.
    package let waste: [Waste]
    package let dive: DiveFigures
    package let packages: PackageFigures
    /// What languages' own package managers installed, by language, name and place.
    package let languages: [LanguagePackage]
    /// Which distribution it is; nil when nothing says so.
    package let release: Release?
    package let findings: [Finding]
    package let savings: [Saving]
    /// For each node, the bytes of it and all below it; of several names of a file, the first has its bytes.
    package let bytes: [Int]
    /// What could not be read, or was odd.
    package let notes: [String]

    /// Counts and sizes of the whole.
    package struct Totals: Sendable, Equatable {
        /// As stored or served.
        package var size = 0
        /// Bytes of the layers' archives, unpacked.
        package var archives = 0
        /// Bytes of all files that all layers carry.
        package var carried = 0
        /// Bytes of the files that are seen, each once.
        package var unpacked = 0
        package var files = 0
        package var folders = 0
        package var symlinks = 0
        /// Devices, pipes.
        package var others = 0
    }

    /// One layer's share.
    package struct LayerFigures: Sendable {
        /// Bytes of its files.
        package var carried = 0
        /// Bytes of its files that are seen in the image.
        package var shown = 0
        package var entries = 0
        /// Bytes of this layer that later ones, or it itself, hide.
        package var hidden = 0
        /// Bytes of others, and its own, that this layer hides.
        package var hides = 0
    }

    /// Works out what a survey comes to.
    package init(_ survey: Survey) throws {
        let listings = survey.layers.map(\.listing)
        var history = LayerHistory()
        var tally = DiveFigures.Tally()
        for (index, listing) in listings.enumerated() {
            try Cancellation.check()
            tally.add(listing, over: history, Array(listings[..<index]))
            try history.apply(listing)
        }
        self.survey = survey
        tree = history.tree
        order = tree.ordered()
        dive = tally.finish()
        let measure = Measure(history, order, survey)
        bytes = measure.bytes
        totals = measure.totals
        let all = Waste.hidden(history, listings, measure.isLive) + Waste.duplicated(tree, order, listings)
        waste = all.sorted(by: Waste.isHeavier)
        layers = measure.layers(waste)
        var notes = survey.notes + tree.warnings.map { SafeText.line($0) }
        packages = try PackageFigures(survey, tree, order, measure.isShown, &notes)
        languages = LanguagePackage.all(survey, measure.isShown)
        release = Release(survey, measure.isShown)
        findings = Finding.all(survey, tree, order, measure.isShown)
        let tree = tree
        savings = survey.prunings.map { Saving($0, tree, listings) }
        self.notes = notes
    }

    /// All that is wasted.
    package var wasted: Int { waste.reduce(0) { $0 + $1.bytes } }

    package func wasted(_ cause: Waste.Cause) -> Int {
        waste.reduce(0) { $0 + ($1.cause == cause ? $1.bytes : 0) }
    }

    /// How many findings are secrets.
    package var secrets: Int { findings.count { $0.isSecret } }

    /// The size of a node's own data.
    package func size(of node: Int32) -> Int {
        guard let id = tree.inode(of: node).content else { return 0 }
        return survey.layers[Int(id.layer)].listing.contents[Int(id.content)].size
    }
}

/// What one look at the whole tree tells.
private struct Measure {
    let survey: Survey
    var totals = Inspection.Totals()
    /// For each inode, whether it has a name.
    var isLive: [Bool]
    /// For each layer, for each content, whether it is seen in the image.
    var isShown: [[Bool]]
    var bytes: [Int]
    private var shown: [Int]

    init(_ history: LayerHistory, _ order: FileTree.Order, _ survey: Survey) {
        let tree = history.tree
        self.survey = survey
        isLive = [Bool](repeating: false, count: tree.inodes.count)
        isShown = survey.layers.map { [Bool](repeating: false, count: $0.listing.contents.count) }
        bytes = [Int](repeating: 0, count: tree.nodes.count)
        shown = [Int](repeating: 0, count: survey.layers.count)
        totals.size = survey.size
        for layer in survey.layers {
            totals.archives += layer.listing.tarSize
            totals.carried += layer.listing.contents.reduce(0) { $0 + $1.size }
        }
        for node in order.preorder {
            let number = Int(tree.nodes[Int(node)].inode)
            switch tree.inodes[number].kind {
            case .directory: totals.folders += 1
            case .symlink: totals.symlinks += 1
            case .file, .hardLink: totals.files += 1
            case .characterDevice, .blockDevice, .fifo: totals.others += 1
            }
            guard !isLive[number] else { continue }
            isLive[number] = true
            guard let id = tree.inodes[number].content else { continue }
            let size = survey.layers[Int(id.layer)].listing.contents[Int(id.content)].size
            isShown[Int(id.layer)][Int(id.content)] = true
            shown[Int(id.layer)] += size
            totals.unpacked += size
            bytes[Int(node)] = size
        }
        for node in order.preorder.reversed() where node != FileTree.root {
            bytes[Int(tree.nodes[Int(node)].parent)] += bytes[Int(node)]
        }
    }

    func layers(_ waste: [Waste]) -> [Inspection.LayerFigures] {
        var layers = survey.layers.enumerated().map { index, layer in
            Inspection.LayerFigures(
                carried: layer.listing.contents.reduce(0) { $0 + $1.size }, shown: shown[index],
                entries: layer.listing.entries.count)
        }
        for item in waste where item.cause != .duplicated {
            layers[item.layer].hidden += item.bytes
            layers[item.causedBy].hides += item.bytes
        }
        return layers
    }
}
