internal import Glibc

/// What the build made beside the tests.
package enum Products {
    /// The folder with the executables: the one the running tests were started from.
    package static let folder: String = {
        let places = CommandLine.arguments.filter { $0.contains(".xctest") } + [executable]
        let path = places.first ?? ""
        // …/debug/scar-buildPackageTests.xctest, whether that is a file or a folder.
        guard let end = path.range(of: "/scar-buildPackageTests.xctest")?.lowerBound else {
            return path.split(separator: "/").dropLast().map { "/" + $0 }.joined()
        }
        return String(path[..<end])
    }()

    /// The command line.
    package static var scarBuild: String { folder + "/scar-build" }
    /// The supervisor.
    package static var bootstrap: String { folder + "/bootstrap" }
    /// The root of this repository.
    package static let repository: String = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()

    private static var executable: String {
        guard let path = unsafe realpath("/proc/self/exe", nil) else { return "" }
        defer { unsafe free(path) }
        return unsafe String(cString: path)
    }
}

extension String {
    /// Where a text begins to occur in this one; without Foundation.
    fileprivate func range(of text: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}
