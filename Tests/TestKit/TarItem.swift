/// What a test wants to stand in a layer: a file of any kind, a whiteout, a link.
package struct TarItem: Sendable {
    /// The type flag: `0` file, `1` hard link, `2` symlink, `3` and `4` devices, `5` folder, `6` pipe.
    package var type: Character
    package var path: [UInt8]
    package var content: [UInt8] = []
    package var target: [UInt8] = []
    package var mode: Int64
    package var owner: Int64 = 0
    package var group: Int64 = 0
    package var time: Int64 = 1_000_000_000
    package var major: Int64 = 0
    package var minor: Int64 = 0
    package var xattrs: [(name: String, value: [UInt8])] = []

    package init(_ type: Character, _ path: some Sequence<UInt8>, mode: Int64) {
        self.type = type
        self.path = Array(path)
        self.mode = mode
    }

    package static func file(_ path: String, _ content: String = "") -> TarItem { file(path, Array(content.utf8)) }

    package static func file(_ path: String, _ content: [UInt8]) -> TarItem {
        var item = TarItem("0", path.utf8, mode: 0o644)
        item.content = content
        return item
    }

    package static func folder(_ path: String, mode: Int64 = 0o755) -> TarItem { TarItem("5", path.utf8, mode: mode) }

    package static func symlink(_ path: String, to target: String) -> TarItem {
        var item = TarItem("2", path.utf8, mode: 0o777)
        item.target = Array(target.utf8)
        return item
    }

    package static func hardLink(_ path: String, to target: String) -> TarItem {
        var item = TarItem("1", path.utf8, mode: 0o644)
        item.target = Array(target.utf8)
        return item
    }

    package static func characterDevice(_ path: String, _ major: Int64, _ minor: Int64) -> TarItem {
        var item = TarItem("3", path.utf8, mode: 0o666)
        (item.major, item.minor) = (major, minor)
        return item
    }

    package static func blockDevice(_ path: String, _ major: Int64, _ minor: Int64) -> TarItem {
        var item = characterDevice(path, major, minor)
        item.type = "4"
        return item
    }

    package static func pipe(_ path: String) -> TarItem { TarItem("6", path.utf8, mode: 0o644) }

    /// The marker that hides `path`.
    package static func whiteout(_ path: String) -> TarItem { marker(path, prefix: ".wh.") }

    /// The marker that hides all that is in a folder.
    package static func opaque(_ folder: String) -> TarItem {
        file((folder.isEmpty ? "" : folder + "/") + ".wh..wh..opq")
    }

    private static func marker(_ path: String, prefix: String) -> TarItem {
        guard let slash = path.lastIndex(of: "/") else { return file(prefix + path) }
        return file(path[...slash] + prefix + path[path.index(after: slash)...])
    }

    /// The same with something changed.
    package func with(_ change: (inout TarItem) -> Void) -> TarItem {
        var item = self
        change(&item)
        return item
    }

    /// The same with an extended attribute more.
    package func xattr(_ name: String, _ value: [UInt8]) -> TarItem { with { $0.xattrs.append((name, value)) } }
}
