import TestKit

/// A stack of layers made up from a seed: all kinds of entries, whiteouts, links and type changes, in any order.
///
/// Only what every unpacker accepts: nothing below a file, no link to what is not there.
struct LayerStack {
    private var numbers: SeededNumbers
    private(set) var layers: [[TarItem]] = []
    /// Leaves that lower layers have, and may be linked to.
    private var lower: [String] = []
    /// Leaves of the layer in the making.
    private var own: [String] = []
    private var hidden: [String] = []

    /// Folders, which are never anything else.
    private static let folders = ["d0", "d1", "d0/d2", "d0/d2/d3", "d1/ d 4", "D0", "usr/lib"]
    /// Symlinks to folders, which later entries may go through.
    private static let aliases = [("s0", "d0"), ("s1", "/d0/d2"), ("d1/s2", "../usr/lib"), ("lib", "usr/lib")]
    /// Leaves: anything but folders.
    private static let leaves = [
        "f0", "f1", "F1", "caf\u{e9}", "cafe\u{301}", "new\nline", String(repeating: "long", count: 40), ".hidden",
    ]
    /// Names that are now a folder and now a leaf.
    private static let changing = ["x0", "d0/x1", "usr/lib/x2"]

    init(seed: UInt64) {
        numbers = SeededNumbers(seed: seed)
        for _ in 0...numbers.below(5) { addLayer() }
    }

    private mutating func addLayer() {
        var items: [TarItem] = []
        (own, hidden) = ([], [])
        if layers.isEmpty || numbers.once(in: 4) {
            for (path, target) in Self.aliases { items.append(dressed(.symlink(path, to: target))) }
        }
        // Links to lower files come before anything of this layer hides them.
        if !lower.isEmpty {
            for _ in 0..<numbers.below(3) { addHardLink(to: numbers.pick(lower), &items) }
        }
        for _ in 0..<(5 + numbers.below(25)) { addEntry(&items) }
        layers.append(items)
        lower = lower.filter { path in !hidden.contains { path == $0 || path.hasPrefix($0 + "/") || $0.isEmpty } }
        lower = Array(Set((lower + own).map { Array($0.utf8) })).sorted { $0.lexicographicallyPrecedes($1) }
            .map { String(decoding: $0, as: UTF8.self) }
    }

    private mutating func addEntry(_ items: inout [TarItem]) {
        switch numbers.below(12) {
        case 0, 1: items.append(dressed(.folder(numbers.once(in: 8) ? "./" : numbers.pick(Self.folders), mode: 0o755)))
        case 2: if layers.isEmpty { addLeaf(&items) } else { addWhiteout(&items) }
        case 3: addChanging(&items)
        case 4: if !own.isEmpty { addHardLink(to: numbers.pick(own), &items) }
        case 5: items.append(dressed(leaf("\(numbers.pick(Self.aliases).0)/\(numbers.pick(Self.leaves))")))
        default: addLeaf(&items)
        }
    }

    private mutating func leafPath() -> String {
        let name = numbers.pick(Self.leaves)
        return numbers.once(in: 5) ? name : "\(numbers.pick(Self.folders))/\(name)"
    }

    private mutating func addLeaf(_ items: inout [TarItem]) {
        let path = leafPath()
        items.append(dressed(leaf(path)))
        own.append(path)
    }

    private mutating func leaf(_ path: String) -> TarItem {
        switch numbers.below(10) {
        case 0:
            return .symlink(path, to: numbers.pick(["f0", "../d1", "/usr/lib", "nowhere", "../../../../etc", path]))
        case 1: return .pipe(path)
        case 2: return .characterDevice(path, Int64(numbers.below(200)), Int64(numbers.below(70_000)))
        case 3: return .blockDevice(path, Int64(numbers.below(200)), Int64(numbers.below(255)))
        case 4: return .file(path)
        case 5: return .file(path, "the same in many places")
        case 6: return .file(path, numbers.bytes(3000 + numbers.below(9000)))
        default: return .file(path, numbers.bytes(1 + numbers.below(200)))
        }
    }

    private mutating func addHardLink(to target: String, _ items: inout [TarItem]) {
        let path = leafPath()
        guard Array(path.utf8) != Array(target.utf8) else { return }
        items.append(.hardLink(path, to: target))
        own.append(path)
    }

    private mutating func addChanging(_ items: inout [TarItem]) {
        let path = numbers.pick(Self.changing)
        guard numbers.once(in: 2) else {
            items.append(dressed(leaf(path)))
            return
        }
        items.append(dressed(.folder(path)))
        for _ in 0..<numbers.below(3) { items.append(dressed(leaf("\(path)/\(numbers.pick(Self.leaves))"))) }
    }

    private mutating func addWhiteout(_ items: inout [TarItem]) {
        switch numbers.below(8) {
        case 0, 1:
            let folder = numbers.once(in: 12) ? "" : numbers.pick(Self.folders)
            items.append(.opaque(folder))
            hidden.append(folder)
        case 2, 3:
            let folder = numbers.pick(Self.folders + Self.changing)
            items.append(.whiteout(folder))
            hidden.append(folder)
        default:
            let path = lower.isEmpty || numbers.once(in: 3) ? leafPath() : numbers.pick(lower)
            items.append(.whiteout(path))
            hidden.append(path)
        }
    }

    /// Gives an item owners, a mode, a time and perhaps attributes that Linux lets its kind have.
    private mutating func dressed(_ item: TarItem) -> TarItem {
        var item = item
        item.owner = Int64(numbers.pick([0, 0, 1, 1000, 65_534, 70_000]))
        item.group = Int64(numbers.pick([0, 0, 5, 1000, 100_000]))
        item.time = Int64(1_000_000_000 + numbers.below(600_000_000))
        // Folders have no setgid: umoci makes missing folders below them with mkdir(2), which hands it and the group
        // down. Of folders that no layer lists the specification says nothing; ours are root's, with mode 755.
        let modes: [Int64] = [0o644, 0o755, 0o600, 0o4755, 0o1777, 0o444, 0]
        if item.type != "2" { item.mode = numbers.pick(item.type == "5" ? modes : modes + [0o2750]) }
        let namespace = item.type == "0" || item.type == "5" ? "user" : "trusted"
        // Never empty: Go's tar reader takes an empty value for a record that is to be forgotten, as POSIX has it for
        // its own keys. GNU tar and star, whose records these are, write empty attributes so, and so we read them.
        if numbers.once(in: 6) { item.xattrs.append(("\(namespace).note", numbers.bytes(1 + numbers.below(40)))) }
        if numbers.once(in: 12) { item.xattrs.append(("trusted.more", [UInt8](repeating: 1, count: 300))) }
        return item
    }
}
