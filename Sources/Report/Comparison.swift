internal import ByteKit
internal import ImageModel
internal import LayerFS

/// What is different between two things that were inspected.
package struct Comparison: Sendable {
    package let from: Inspection
    package let to: Inspection
    /// By path.
    package let files: [FileChange]
    /// By name.
    package let packages: [PackageChange]
    package let config: [ConfigChange]

    /// A path that is not the same on both sides.
    package struct FileChange: Sendable, Equatable {
        package enum Kind: String, Sendable {
            case added, removed, changed
        }

        package var path: [UInt8]
        package var kind: Kind
        /// Bytes of the data on either side; 0 where there is none.
        package var before: Int
        package var after: Int
        /// What of a changed file is different: `content`, `mode`, `owner`, `target`, `type`.
        package var what: [String]
    }

    /// A package that is not the same on both sides.
    package struct PackageChange: Sendable, Equatable {
        package var name: String
        package var before: String?
        package var after: String?
        package var bytesBefore: Int
        package var bytesAfter: Int
    }

    /// Something of how an image is started that is not the same.
    package struct ConfigChange: Sendable, Equatable {
        package var name: String
        package var before: String?
        package var after: String?
    }

    /// Compares two inspections. Times of files are not compared: a rebuild changes them all.
    package init(_ from: Inspection, _ to: Inspection) {
        self.from = from
        self.to = to
        files = Self.files(Listing(from), Listing(to))
        packages = Self.packages(from, to)
        config = Self.config(from.survey.config, to.survey.config)
    }

    package var isEmpty: Bool { files.isEmpty && packages.isEmpty && config.isEmpty }

    package func count(_ kind: FileChange.Kind) -> Int { files.count { $0.kind == kind } }

    // MARK: - Files

    /// The nodes of a tree by path. The root and folders that nobody has listed say nothing.
    private struct Listing {
        let inspection: Inspection
        var nodes: [(path: [UInt8], node: Int32)]

        init(_ inspection: Inspection) {
            self.inspection = inspection
            nodes = inspection.order.preorder.dropFirst().map { (inspection.tree.path(of: $0), $0) }
            nodes.sort { $0.path.lexicographicallyPrecedes($1.path) }
        }

        func content(_ index: Int) -> LayerListing.Content? {
            guard let id = inspection.tree.inode(of: nodes[index].node).content else { return nil }
            return inspection.survey.layers[Int(id.layer)].listing.contents[Int(id.content)]
        }
    }

    private static func files(_ from: Listing, _ to: Listing) -> [FileChange] {
        var changes: [FileChange] = []
        var (left, right) = (0, 0)
        while left < from.nodes.count || right < to.nodes.count {
            let isLeft = left < from.nodes.count
            let isRight = right < to.nodes.count
            if isLeft, isRight, from.nodes[left].path == to.nodes[right].path {
                let what = differences(from, left, to, right)
                if !what.isEmpty {
                    changes.append(
                        FileChange(
                            path: from.nodes[left].path, kind: .changed, before: from.content(left)?.size ?? 0,
                            after: to.content(right)?.size ?? 0, what: what))
                }
                (left, right) = (left + 1, right + 1)
            } else if isLeft,
                !isRight || from.nodes[left].path.lexicographicallyPrecedes(to.nodes[right].path)
            {
                changes.append(
                    FileChange(
                        path: from.nodes[left].path, kind: .removed, before: from.content(left)?.size ?? 0, after: 0,
                        what: []))
                left += 1
            } else {
                changes.append(
                    FileChange(
                        path: to.nodes[right].path, kind: .added, before: 0, after: to.content(right)?.size ?? 0,
                        what: []))
                right += 1
            }
        }
        return changes
    }

    private static func differences(_ from: Listing, _ left: Int, _ to: Listing, _ right: Int) -> [String] {
        let before = from.inspection.tree.inode(of: from.nodes[left].node)
        let after = to.inspection.tree.inode(of: to.nodes[right].node)
        guard before.kind == after.kind else { return ["type"] }
        var what: [String] = []
        if from.content(left) != to.content(right) { what.append("content") }
        if before.kind != .symlink, before.mode != after.mode { what.append("mode") }
        if before.userID != after.userID || before.groupID != after.groupID { what.append("owner") }
        if before.target != after.target { what.append("target") }
        if before.device != after.device { what.append("device") }
        if before.xattrs != after.xattrs { what.append("attributes") }
        return what
    }

    // MARK: - Packages and configuration

    private static func packages(_ from: Inspection, _ to: Inspection) -> [PackageChange] {
        let before = byName(from)
        let after = byName(to)
        return Set(before.keys).union(after.keys).sorted().compactMap { name in
            let (old, new) = (before[name], after[name])
            guard old?.version != new?.version else { return nil }
            return PackageChange(
                name: name, before: old?.version, after: new?.version, bytesBefore: old?.bytes ?? 0,
                bytesAfter: new?.bytes ?? 0)
        }
    }

    /// A package that is there for several architectures has each in its name.
    private static func byName(_ inspection: Inspection) -> [String: PackageFigures.Package] {
        var packages: [String: PackageFigures.Package] = [:]
        let counts = Dictionary(inspection.packages.packages.map { ($0.name, 1) }, uniquingKeysWith: +)
        for package in inspection.packages.packages {
            let isAlone = counts[package.name] == 1
            packages[isAlone ? package.name : "\(package.name):\(package.architecture)"] = package
        }
        return packages
    }

    private static func config(_ from: ImageConfig?, _ to: ImageConfig?) -> [ConfigChange] {
        // An artifact says nothing about how it is started: nothing can be said of it either.
        guard let from, let to else { return [] }
        var changes: [ConfigChange] = []
        func compare(_ name: String, _ before: String, _ after: String) {
            if before != after { changes.append(ConfigChange(name: name, before: before, after: after)) }
        }
        func words(_ words: [String]) -> String {
            words.map { SafeText.line(Redaction.command($0)) }.joined(separator: " ")
        }
        // Compared as they are, shown without what is secret.
        if from.entrypoint != to.entrypoint {
            changes.append(
                ConfigChange(name: "entrypoint", before: words(from.entrypoint), after: words(to.entrypoint)))
        }
        if from.command != to.command {
            changes.append(ConfigChange(name: "command", before: words(from.command), after: words(to.command)))
        }
        compare("workingDirectory", SafeText.line(from.workingDirectory), SafeText.line(to.workingDirectory))
        compare("user", SafeText.line(from.user), SafeText.line(to.user))
        compare("platform", "\(from.os)/\(from.architecture)", "\(to.os)/\(to.architecture)")
        return changes + variables(from.environment, to.environment)
    }

    private static func variables(_ from: [String], _ to: [String]) -> [ConfigChange] {
        func table(_ variables: [String]) -> [String: String] {
            Dictionary(
                variables.map { variable in
                    let parts = variable.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                    return (String(parts[0]), variable)
                }, uniquingKeysWith: { $1 })
        }
        func shown(_ variable: String?) -> String? {
            variable.map { SafeText.line(String(Redaction.variable($0).drop { $0 != "=" }.dropFirst())) }
        }
        let (before, after) = (table(from), table(to))
        return Set(before.keys).union(after.keys).sorted().compactMap { name in
            guard before[name] != after[name] else { return nil }
            return ConfigChange(
                name: "environment \(SafeText.line(name))", before: shown(before[name]), after: shown(after[name]))
        }
    }
}
