/// A path of a recipe: as it was written, and as this process can open it.
package struct RecipePath: Sendable, Equatable {
    /// As written, without needless `./` and doubled slashes; this is what names the file inside a package.
    package let written: String
    /// The recipe's folder and the written path.
    package let resolved: String

    /// Why a path may not stand in a recipe.
    enum Refusal: Error {
        case absolute, escaping
    }

    /// A path that must stay inside the recipe's folder.
    ///
    /// What a recipe ships, it ships from beside itself: the folder can be moved, checked out and reviewed as one.
    init(inside folder: String, _ path: String) throws(Refusal) {
        guard path.utf8.first != UInt8(ascii: "/") else { throw .absolute }
        var components: [Substring] = []
        for component in path.split(separator: "/") where component != "." {
            if component == ".." {
                guard components.popLast() != nil else { throw .escaping }
            } else {
                components.append(component)
            }
        }
        guard !components.isEmpty else { throw .escaping }
        written = components.joined(separator: "/")
        resolved = Self.join(folder, written)
    }

    /// A path that may be anywhere, relative to the recipe's folder unless absolute.
    init(anywhere path: String, relativeTo folder: String) {
        written = path
        resolved = path.utf8.first == UInt8(ascii: "/") ? path : Self.join(folder, path)
    }

    /// The folder that a file stands in: `.` for a bare name.
    static func folder(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func join(_ folder: String, _ path: String) -> String {
        if folder == "." { return path }
        return folder.utf8.last == UInt8(ascii: "/") ? folder + path : "\(folder)/\(path)"
    }
}
