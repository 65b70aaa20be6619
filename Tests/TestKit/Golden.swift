internal import ByteKit

/// Files in the repository that tests make anew and compare.
package enum Golden {
    /// Whether the files are to be written instead of compared.
    package static var isUpdating: Bool { Peer.environment("UPDATE_GOLDEN") == "1" }

    /// Whether a file holds these bytes; with `UPDATE_GOLDEN=1` it is made to.
    package static func matches(_ bytes: [UInt8], _ path: String) throws -> Bool {
        if isUpdating {
            try OutputFile.write(bytes, to: path)
        }
        guard let golden = try? InputFile.contents(of: path, limit: 1 << 28) else { return false }
        return golden == bytes
    }

    /// A path in the repository, from a test's own `#filePath` (`…/Tests/<Module>Tests/<File>.swift`).
    package static func repositoryPath(_ path: String, from testFile: String) -> String {
        testFile.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/") + "/" + path
    }
}
