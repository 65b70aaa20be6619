internal import ByteKit
internal import LayerFS
internal import Packager
internal import Report

/// What the installed packages weigh in a tree, by the records of dpkg and apk that are in it.
struct PackageWeights {
    /// Heaviest first; equal ones by name.
    private(set) var packages: [(name: String, bytes: Int)] = []

    /// Bytes of one record, and of all.
    private static let recordLimit = 16 << 20
    private static let recordsLimit = 96 << 20
    private static let lists = "var/lib/dpkg/info"

    init(_ linked: Linker.LinkedTree) throws(Cancelled) {
        let tree = linked.tree
        let view = TreeView.view(linked)
        var isCounted = [Bool](repeating: false, count: tree.inodes.count)
        func weight(of files: [[UInt8]]) -> Int {
            files.reduce(0) { sum, path in
                guard let node = tree.node(through: path) else { return sum }
                let inode = Int(tree.nodes[Int(node)].inode)
                guard !isCounted[inode], let content = tree.inodes[inode].content else { return sum }
                isCounted[inode] = true
                return sum + linked.contents.size(of: content)
            }
        }
        var left = Self.recordsLimit
        func record(_ path: String) -> [UInt8] {
            let bytes = (try? view.read(path, 0, min(left, Self.recordLimit))) ?? []
            left -= bytes.count
            return bytes
        }

        for name in view.names(Self.lists) where name.hasSuffix(".list") {
            try Cancellation.check()
            let files = DpkgRecords.files(record("\(Self.lists)/\(name)"))
            packages.append((String(name.dropLast(".list".count)), weight(of: files)))
        }
        for path in ["lib/apk/db/installed", "usr/lib/apk/db/installed"] {
            for package in ApkRecords.packages(record(path)) {
                packages.append((String(decoding: package.name, as: UTF8.self), weight(of: package.files)))
            }
        }
        packages.sort { $0.bytes != $1.bytes ? $0.bytes > $1.bytes : $0.name < $1.name }
    }
}
