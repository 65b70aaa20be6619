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
        /// What the closure of the function is worked out from; nil leaves all that the rules leave.
        package var closure: ClosurePlan?
        /// The folder that the tree will lie in, absolute and without a slash at its end; nil for the root. The tree is
        /// then made to work there: docs/relocation.md.
        package var prefix: [UInt8]?
        /// `e_machine` of the programs that are to run: 62 for x86-64, 183 for AArch64.
        package var machine: UInt16 = 62
        /// The latest time a file may have, in seconds since 1970: what is later becomes it. Nil leaves all as they are.
        package var latestTime: Int64?
        /// Whether everybody may read all files, whoever they belong to and whatever their modes say.
        package var isReadable = false
        /// Files whose data comes first in a squashfs image, in this order: what a program reads when it starts. Paths
        /// from the root, with or without a leading slash.
        package var first: [[UInt8]] = []

        package init(
            prune: [PruneRule] = [], keep: [PathPattern] = [], prefix: [UInt8]? = nil, latestTime: Int64? = nil
        ) {
            self.prune = prune
            self.keep = keep
            self.prefix = prefix
            self.latestTime = latestTime
        }
    }

    /// A merged, pruned and relocated tree, ready to be written or looked at.
    package struct LinkedTree {
        package let tree: FileTree
        package let order: FileTree.Order
        package let contents: TreeContents
        /// The layers' objects; the last one has what relocation made, when it made anything.
        package let objects: [LayerObject]
        /// What was done so that the tree works below a prefix; nil for a tree that will be the root.
        package var relocation: Relocation? { report.relocation }
        /// Nodes whose data comes first.
        package internal(set) var first: [Int32]
        package fileprivate(set) var report: LinkReport
    }

    /// Merges the layers, base first, and applies the rules.
    ///
    /// - Parameter scratch: a folder for what relocation makes; no file appears there.
    package func link(_ layers: [LayerObject], _ rules: Rules, scratch: String = "/tmp") throws -> LinkedTree {
        var tree = FileTree()
        for (layer, object) in layers.enumerated() {
            try Cancellation.check()
            try tree.apply(object, as: Int32(layer))
        }
        let sizes = TreeContents(layers)
        var account = Pruner(rules: rules.prune, keep: rules.keep).prune(&tree, size: { sizes.size(of: $0) })
        var order = account.order
        var keepings: [Keeping] = []
        if !account.byRule.isEmpty || rules.closure != nil { order = tree.ordered() }
        if let plan = rules.closure {
            let roots = try plan.roots(tree, sizes)
            var closure = try Closure(tree, order, layers, plan, roots, keep: rules.keep, pool: pool)
            try closure.solve()
            closure.sweep(&tree, &account, size: { sizes.size(of: $0) })
            keepings = closure.keepings(size: { sizes.size(of: $0) })
            order = tree.ordered()
        }
        let removed = account.lines(of: tree)
        var relocated: Relocator.Outcome?
        if let prefix = rules.prefix {
            let relocator = Relocator(
                prefix: prefix, machine: rules.machine, settings: settings, pool: pool, scratch: scratch)
            relocated = try relocator.relocate(&tree, order, layers)
            if relocated?.hasOtherNames == true { order = tree.ordered() }
        }
        if rules.isReadable { tree.makeReadable() }
        if let latest = rules.latestTime { tree.clampTimes(to: latest) }
        let objects = relocated?.objects ?? layers
        var report = LinkReport(tree, order, layers, made: objects, of: relocated?.origins ?? [])
        report.removals = account.byRule
        report.removed = removed
        report.keepings = keepings
        report.relocation = relocated?.relocation
        let first = rules.first.compactMap { tree.file(at: $0) }
        report.warnings = tree.warnings + (relocated?.relocation.warnings ?? [])
        if first.count < rules.first.count {
            report.warnings.append(
                "\(rules.first.count - first.count) of \(rules.first.count) paths that are to come first are no files of the tree"
            )
        }
        return LinkedTree(
            tree: tree, order: order, contents: TreeContents(objects), objects: objects, first: first, report: report)
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
