internal import ImageModel
internal import LayerFS

/// Something in an image that somebody should know of.
package struct Finding: Sendable, Equatable {
    /// A stable name: `setuid`, `private-key`.
    package var kind: String
    /// What people are told.
    package var title: String
    /// Where; for a variable, its name.
    package var place: String
    /// The layer that carries it; nil for what is in no layer.
    package var layer: Int?
    /// Whether it is seen in the image; what a later layer hides, anyone who has the image can still read.
    package var isShown: Bool
    package var isSecret: Bool

    /// All findings of an image: secrets first, then rights, each by place.
    static func all(
        _ survey: Survey, _ tree: FileTree, _ order: FileTree.Order, _ isShown: [[Bool]]
    ) -> [Finding] {
        secrets(survey, isShown) + variables(survey) + rights(tree, order)
    }

    private static func secrets(_ survey: Survey, _ isShown: [[Bool]]) -> [Finding] {
        var findings: [Finding] = []
        for (index, layer) in survey.layers.enumerated() {
            for sighting in layer.observer.sightings {
                for number in sighting.rules {
                    let rule = SecretRule.all[number]
                    findings.append(
                        Finding(
                            kind: rule.name, title: rule.title, place: SafeText.path(sighting.path), layer: index,
                            isShown: isShown[index][Int(sighting.content)], isSecret: true))
                }
            }
        }
        return findings.sorted { ($0.place, $0.kind, $0.layer ?? 0) < ($1.place, $1.kind, $1.layer ?? 0) }
    }

    private static func variables(_ survey: Survey) -> [Finding] {
        (survey.config?.environment ?? []).compactMap { variable in
            let parts = variable.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[1].isEmpty else { return nil }
            let isSecret = Redaction.isSecret(parts[0]) || SecretScanner.hasToken(Array(parts[1].utf8))
            guard isSecret else { return nil }
            return Finding(
                kind: "environment", title: "a variable that looks like a secret",
                place: SafeText.line(String(parts[0])),
                layer: nil, isShown: true, isSecret: true)
        }
    }

    private static func rights(_ tree: FileTree, _ order: FileTree.Order) -> [Finding] {
        var setuid: [Finding] = []
        var setgid: [Finding] = []
        var capabilities: [Finding] = []
        var writable: [Finding] = []
        for node in order.preorder {
            let inode = tree.inode(of: node)
            func finding(_ kind: String, _ title: String) -> Finding {
                Finding(
                    kind: kind, title: title, place: SafeText.path(tree.path(of: node)),
                    layer: tree.nodes[Int(node)].layer >= 0 ? Int(tree.nodes[Int(node)].layer) : nil, isShown: true,
                    isSecret: false)
            }
            let isFile = inode.kind == .file
            if isFile, inode.mode & 0o4000 != 0 { setuid.append(finding("setuid", "runs as its owner (setuid)")) }
            if isFile, inode.mode & 0o2000 != 0 { setgid.append(finding("setgid", "runs as its group (setgid)")) }
            if inode.xattrs.contains(where: { $0.name.elementsEqual("security.capability".utf8) }) {
                capabilities.append(finding("capability", "has capabilities of the superuser"))
            }
            // A folder like /tmp, where only owners may remove, is meant to be so.
            let isOpenFolder = inode.kind == .directory && inode.mode & 0o1000 == 0
            if isFile || isOpenFolder, inode.mode & 0o002 != 0 {
                writable.append(finding("world-writable", "everybody may write to it"))
            }
        }
        return setuid + setgid + capabilities + writable
    }
}
