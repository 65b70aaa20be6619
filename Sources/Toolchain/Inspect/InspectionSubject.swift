internal import ByteKit
internal import Glibc
internal import Recipe

extension InspectionSubject {
    /// Finds out what a word of the command line means: a file or image layout that is there, or else an image's name.
    ///
    /// - Parameter function: which of a recipe's functions.
    package init(_ word: String, function: String? = nil) throws {
        let isSource = ["oci:", "docker-archive:", "tar:"].contains { word.hasPrefix($0) }
        if !isSource, let found = try Self.file(word, function) {
            self = found
            return
        }
        self = .image(try ImageSource(of: word))
    }

    private static func file(_ path: String, _ function: String?) throws -> InspectionSubject? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else {
            guard looksLikeFile(path) else { return nil }
            throw FileError("open", path)
        }
        if status.st_mode & S_IFMT == S_IFDIR {
            guard unsafe access("\(path)/oci-layout", F_OK) == 0 else { return nil }
            return .image(try ImageSource(of: "oci:\(path)"))
        }
        let file = try InputFile(path)
        let head = try file.read(count: min(file.size, 4096), at: 0)
        if head.starts(with: "hsqs".utf8) { return .squashfs(path) }
        if head.starts(with: "PK".utf8) { return .zip(path) }
        if head.first(where: { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }) == UInt8(ascii: "{")
            || [".json", ".yaml", ".yml"].contains(where: path.hasSuffix)
        {
            return .recipe(
                try RecipeParser.parse(try InputFile.contents(of: path, limit: 4 << 20), path: path), function: function
            )
        }
        return .image(try ImageSource(of: "\(isSaved(head) ? "docker-archive" : "tar"):\(path)"))
    }

    /// Whether a word that names nothing here was hardly meant as an image's name. With a tag behind it, it still is one.
    private static func looksLikeFile(_ word: String) -> Bool {
        ["/", "./", "../"].contains(where: word.hasPrefix)
            || [".zip", ".squashfs", ".tar", ".json", ".yaml", ".yml"].contains(where: word.hasSuffix)
    }

    /// Whether an archive is what `docker save` or an image layout has: their first file says so.
    private static func isSaved(_ head: [UInt8]) -> Bool {
        let name = head.prefix { $0 != 0 }
        let text = String(decoding: name, as: UTF8.self)
        let isBlob = text == "blobs/" || text.hasPrefix("blobs/sha256")
        // Old archives have folders named after layers: 64 hexadecimal digits.
        let digits = name.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: ".") }
        let isDigest = digits.count == 64 && digits.allSatisfy { "0123456789abcdef".utf8.contains($0) }
        return isBlob || isDigest || ["manifest.json", "oci-layout", "index.json"].contains(text)
    }
}
