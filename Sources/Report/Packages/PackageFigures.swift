internal import ByteKit
internal import LayerFS

/// What belongs to which installed package, as the package managers' own records have it.
package struct PackageFigures: Sendable {
    /// Heaviest first.
    package private(set) var packages: [Package] = []
    /// For each node, the package that owns it, an index into `packages`; -1 for none.
    package private(set) var owner: [Int32]
    /// Bytes of files that no package owns.
    package private(set) var unowned = 0

    package struct Package: Sendable, Equatable {
        package var name: String
        package var version: String
        package var architecture: String
        /// `dpkg`, `apk` or `rpm`.
        package var manager: String
        /// Of its files as they are in the image.
        package var bytes = 0
        package var files = 0
    }

    init(
        _ survey: Survey, _ tree: FileTree, _ order: FileTree.Order, _ isShown: [[Bool]], _ notes: inout [String]
    ) throws(Cancelled) {
        owner = [Int32](repeating: -1, count: tree.nodes.count)
        var installed: [(package: InstalledPackage, manager: String)] = []
        var lists = DpkgLists()
        for (index, layer) in survey.layers.enumerated() {
            for document in layer.observer.documents where isShown[index][Int(document.content)] {
                try Cancellation.check()
                do throws(ReportError) {
                    try Self.read(document, into: &installed, &lists)
                } catch {
                    notes.append("\(SafeText.path(document.path)) cannot be read: \(error.diagnostic.message)")
                }
            }
            for path in layer.observer.passedOver {
                notes.append("\(SafeText.path(path)) is too large to be read; its packages are not listed")
            }
        }
        // By name, so that who owns what two packages claim depends on nothing else.
        installed.sort {
            let (left, right) = ($0.package, $1.package)
            if left.name != right.name { return left.name.lexicographicallyPrecedes(right.name) }
            if left.architecture != right.architecture {
                return left.architecture.lexicographicallyPrecedes(right.architecture)
            }
            return left.version.lexicographicallyPrecedes(right.version)
        }
        var figures = installed.map { package, manager in
            Package(
                name: SafeText.name(package.name), version: SafeText.name(package.version),
                architecture: SafeText.name(package.architecture), manager: manager)
        }
        for (index, entry) in installed.enumerated() {
            try Cancellation.check()
            let listed = lists.takeFiles(of: entry.package.name, entry.package.architecture)
            for (number, path) in (entry.package.files + listed).enumerated() {
                if number & 0xfff == 0 { try Cancellation.check() }
                claim(path, for: Int32(index), tree)
            }
        }
        measure(&figures, tree, order, survey)
    }

    private static func read(
        _ document: LayerObserver.Document, into installed: inout [(package: InstalledPackage, manager: String)],
        _ lists: inout DpkgLists
    ) throws(ReportError) {
        switch PackageDatabase.part(document.path) {
        case .dpkgStatus: installed += DpkgRecords.packages(document.bytes).map { ($0, "dpkg") }
        case .apkInstalled: installed += ApkRecords.packages(document.bytes).map { ($0, "apk") }
        case .dpkgList(let name): lists.add(document.bytes, named: name)
        case .dpkgFragment(isFiles: false): installed += DpkgRecords.packages(document.bytes).map { ($0, "dpkg") }
        case .dpkgFragment(isFiles: true):
            let name = document.path.dropFirst("var/lib/dpkg/status.d/".utf8.count).dropLast(".md5sums".utf8.count)
            lists.add(document.bytes, named: name, hasSums: true)
        case .rpm(let format):
            for package in try RPMDatabase.packages(document.bytes, format) { installed.append((package, "rpm")) }
        case .language, .release, nil: break
        }
    }

    private mutating func claim(_ path: [UInt8], for package: Int32, _ tree: FileTree) {
        // The records name files by where they were unpacked to; folders may be symlinks by now.
        guard let node = tree.node(through: path), !tree.isDirectory(node), owner[Int(node)] < 0 else { return }
        owner[Int(node)] = package
    }

    /// Sums up, and sorts by weight.
    private mutating func measure(
        _ figures: inout [Package], _ tree: FileTree, _ order: FileTree.Order, _ survey: Survey
    ) {
        var isKnown = [Bool](repeating: false, count: tree.inodes.count)
        for node in order.preorder where !tree.isDirectory(node) {
            let package = Int(owner[Int(node)])
            if package >= 0 { figures[package].files += 1 }
            let number = Int(tree.nodes[Int(node)].inode)
            guard !isKnown[number], let id = tree.inodes[number].content else { continue }
            isKnown[number] = true
            let size = survey.layers[Int(id.layer)].listing.contents[Int(id.content)].size
            if package >= 0 { figures[package].bytes += size } else { unowned += size }
        }
        let sorted = figures.indices.sorted {
            figures[$0].bytes != figures[$1].bytes ? figures[$0].bytes > figures[$1].bytes : $0 < $1
        }
        var place = [Int32](repeating: -1, count: figures.count)
        for (new, old) in sorted.enumerated() { place[old] = Int32(new) }
        for index in owner.indices where owner[index] >= 0 { owner[index] = place[Int(owner[index])] }
        packages = sorted.map { figures[$0] }
    }
}
