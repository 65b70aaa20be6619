/// The lists of dpkg's packages' files, which lie beside its records.
package struct DpkgLists {
    /// By the list's name. Of those that have sums in them it begins with a sign that no package's name begins with.
    private var lists: [[UInt8]: [UInt8]] = [:]

    private static let sums: [UInt8] = [UInt8(ascii: "#")]
    private static let colon: [UInt8] = [UInt8(ascii: ":")]

    package init() {}

    /// Adds a list.
    ///
    /// - Parameters:
    ///   - name: the package's, with a colon and the architecture where there are several.
    ///   - hasSums: whether a sum stands before each path, as distroless images have it.
    package mutating func add(_ bytes: [UInt8], named name: ArraySlice<UInt8>, hasSums: Bool = false) {
        lists[(hasSums ? Self.sums : []) + name] = bytes
    }

    /// The files of a package. A list is one package's: it is taken once, however many records have its name.
    package mutating func takeFiles(of package: [UInt8], _ architecture: [UInt8]) -> [[UInt8]] {
        let names = [package + Self.colon + architecture, package, Self.sums + package]
        guard let name = names.first(where: { lists[$0] != nil }), let list = lists.removeValue(forKey: name)
        else { return [] }
        return DpkgRecords.files(list, hasSums: name.starts(with: Self.sums))
    }
}
