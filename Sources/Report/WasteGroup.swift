/// Waste of one cause, in one part of the tree, between the same two layers: what one sentence can say.
package struct WasteGroup: Sendable, Equatable {
    package var cause: Waste.Cause
    /// The folder, or the file when there is but one.
    package var path: [UInt8]
    package var layer: Int
    package var causedBy: Int
    package var bytes = 0
    package var files = 0

    /// How many folders deep groups are told apart.
    private static let depth = 3

    private struct Key: Hashable {
        var cause: Waste.Cause
        var folder: ArraySlice<UInt8>
        var layer: Int
        var causedBy: Int
    }

    /// Heaviest first.
    static func groups(_ waste: [Waste]) -> [WasteGroup] {
        var groups: [Key: WasteGroup] = [:]
        for item in waste {
            let folder = item.path.folder(depth: depth)
            let key = Key(cause: item.cause, folder: folder, layer: item.layer, causedBy: item.causedBy)
            var group =
                groups[key]
                ?? WasteGroup(cause: item.cause, path: item.path, layer: item.layer, causedBy: item.causedBy)
            if group.files == 1 { group.path = Array(folder) }
            group.bytes += item.bytes
            group.files += 1
            groups[key] = group
        }
        return groups.values.sorted {
            if $0.bytes != $1.bytes { return $0.bytes > $1.bytes }
            if $0.path != $1.path { return $0.path.lexicographicallyPrecedes($1.path) }
            return ($0.layer, $0.causedBy, $0.cause.rawValue) < ($1.layer, $1.causedBy, $1.cause.rawValue)
        }
    }
}

extension Inspection {
    /// Who carries it, and who made it waste.
    func reason(for group: WasteGroup) -> String {
        let carrier = "layer \(group.layer + 1)"
        let instruction = instruction(of: group.causedBy)
        let by = "layer \(group.causedBy + 1)" + (instruction.isEmpty ? "" : ", \(instruction)")
        return switch group.cause {
        case .removed: "in \(carrier) still, though removed by \(by)"
        case .overwritten: "in \(carrier) still, though overwritten by \(by)"
        case .repeated: "twice in \(by)"
        case .duplicated: "the same as other files; in \(by)"
        }
    }
}
