package import ByteKit

/// Links compiled layers into one artifact: merge, prune, relocate, serialise.
package struct Linker {
    private let settings: BlockSettings
    private let pool: WorkerPool

    package init(settings: BlockSettings, pool: WorkerPool) {
        self.settings = settings
        self.pool = pool
    }

    /// What linking is to do besides merging.
    package struct Rules: Sendable {
        package var prune: [PruneRule]
        package var keep: [PathPattern]
        /// Whether the tree will lie below a prefix instead of being the root.
        package var isRelocated: Bool
        /// The latest time a file may have, in seconds since 1970: what is later becomes it. Nil leaves all as they are.
        package var latestTime: Int64?
        /// Files whose data comes first in a squashfs image, in this order: what a program reads when it starts. Paths
        /// from the root, with or without a leading slash.
        package var first: [[UInt8]] = []

        package init(
            prune: [PruneRule] = [], keep: [PathPattern] = [], isRelocated: Bool = false, latestTime: Int64? = nil
        ) {
            self.prune = prune
            self.keep = keep
            self.isRelocated = isRelocated
            self.latestTime = latestTime
        }
    }

    /// A merged, pruned and relocated tree, ready to be written or looked at.
    package struct LinkedTree {
        package let tree: FileTree
        package let order: FileTree.Order
        package let contents: TreeContents
        package let objects: [LayerObject]
        /// Nodes whose data comes first.
        package let first: [Int32]
        package fileprivate(set) var report: LinkReport
    }

    /// Merges the layers, base first, and applies the rules.
    package func link(_ objects: [LayerObject], _ rules: Rules) throws -> LinkedTree {
        var tree = FileTree()
        for (layer, object) in objects.enumerated() {
            try Cancellation.check()
            try tree.apply(object, as: Int32(layer))
        }
        let contents = TreeContents(objects)
        let removals = Pruner(rules: rules.prune, keep: rules.keep).prune(&tree) { contents.size(of: $0) }
        let relativized = rules.isRelocated ? Relocator.relativizeSymlinks(&tree) : 0
        if let latest = rules.latestTime { tree.clampTimes(to: latest) }
        let order = tree.ordered()
        var report = LinkReport(tree, order, objects)
        report.removals = removals
        report.relativizedSymlinks = relativized
        let first = rules.first.compactMap { tree.file(at: $0) }
        report.warnings = tree.warnings
        if first.count < rules.first.count {
            report.warnings.append(
                "\(rules.first.count - first.count) of \(rules.first.count) paths that are to come first are no files of the tree"
            )
        }
        return LinkedTree(tree: tree, order: order, contents: contents, objects: objects, first: first, report: report)
    }

    /// Writes the tree as a squashfs image.
    package func writeSquash(_ linked: LinkedTree, to path: String, time: UInt32) throws -> LinkReport {
        let writer = SquashWriter(
            linked.tree, linked.order, linked.objects, first: linked.first, settings: settings, pool: pool)
        let summary = try writer.write(to: path, time: time)
        var report = linked.report
        report.artifactSize = summary.size
        report.artifactDigest = summary.digest
        report.warnings += summary.warnings
        return report
    }
}
