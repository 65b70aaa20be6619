/// What an entry's name says about lower layers. OCI image specification, "Whiteouts".
enum Whiteout: Equatable {
    /// Nothing: an ordinary name.
    case none
    /// Hides everything that lower layers have in the entry's folder.
    case opaque
    /// Hides this name of lower layers.
    case hides(ArraySlice<UInt8>)
    /// A name that union file systems keep for themselves (`.wh..wh.plnk` and such), of no meaning here.
    case reserved

    private static let prefix = Array(".wh.".utf8)

    /// Whether a folder's path leads through a reserved name. What lies below any other whiteout is refused: a marker
    /// is no folder, and nobody could see what is in it.
    static func isReserved(folder: ArraySlice<UInt8>) throws(LayerError) -> Bool {
        let slash = UInt8(ascii: "/")
        for start in folder.indices where start == folder.startIndex || folder[start - 1] == slash {
            guard folder[start...].starts(with: prefix) else { continue }
            let name = folder[start...].prefix { $0 != slash }
            if try classify(name) == .reserved { return true }
            throw LayerError(.badWhiteout, "something lies below a whiteout", path: Array(folder))
        }
        return false
    }

    static func classify(_ name: ArraySlice<UInt8>) throws(LayerError) -> Whiteout {
        guard name.starts(with: prefix) else { return .none }
        let hidden = name.dropFirst(prefix.count)
        if hidden.elementsEqual(".wh..opq".utf8) { return .opaque }
        if hidden.starts(with: prefix) { return .reserved }
        guard !hidden.isEmpty, !hidden.elementsEqual(".".utf8), !hidden.elementsEqual("..".utf8)
        else { throw LayerError(.badWhiteout, "a whiteout names nothing that could be hidden", path: Array(name)) }
        return .hides(hidden)
    }
}
