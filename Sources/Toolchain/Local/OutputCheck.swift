internal import ByteKit
internal import Glibc
internal import LayerFS
internal import Recipe

/// Holds what a function left behind against what a test wants.
struct OutputCheck {
    /// The folder with what came out, and the paths of the files in it.
    let folder: String
    let files: [String]

    init(_ folder: String) throws {
        self.folder = folder
        files = try Self.files(in: folder)
    }

    /// The patterns that no file meets.
    func missing(_ patterns: [String]) -> [String] {
        patterns.filter { text in
            // A test's pattern is a path from the top: `*.png` is about the files there, and not below.
            let pattern = PathPattern("/" + text)
            return !files.contains { pattern.matches(Array($0.utf8).split(separator: UInt8(ascii: "/"))) }
        }.map { "no output file \($0)\(listing)" }
    }

    /// How the files differ from those of a folder, or from one file.
    func differences(from expected: String) throws -> [String] {
        var status = stat()
        guard unsafe stat(expected, &status) == 0 else { throw FileError("read", expected) }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            let name = expected.split(separator: "/").last.map(String.init) ?? expected
            return try difference(name, from: expected).map { [$0] } ?? []
        }
        let names = try Self.files(in: expected)
        guard !names.isEmpty else { return ["\(expected) has no files that could be compared"] }
        return try names.compactMap { try difference($0, from: "\(expected)/\($0)") }
    }

    private func difference(_ name: String, from expected: String) throws -> String? {
        guard files.contains(name) else { return "no output file \(name)\(listing)" }
        let wanted = try InputFile(expected)
        let found = try InputFile("\(folder)/\(name)")
        var offset = 0
        while offset < min(wanted.size, found.size) {
            let count = min(1 << 20, wanted.size - offset, found.size - offset)
            let (left, right) = (
                try wanted.read(count: count, at: offset), try found.read(count: count, at: offset)
            )
            if left != right, let place = (0..<count).first(where: { left[$0] != right[$0] }) {
                return "\(name) differs from \(expected) at byte \(offset + place + 1): "
                    + "\(hexadecimal([right[place]])) instead of \(hexadecimal([left[place]]))"
            }
            offset += count
        }
        guard wanted.size != found.size else { return nil }
        return "\(name) has \(found.size) bytes, and \(expected) has \(wanted.size)"
    }

    private var listing: String {
        if files.isEmpty { return ": nothing came out" }
        let more = files.count > 10 ? " and \(files.count - 10) more" : ""
        return ": there are " + files.prefix(10).joined(separator: ", ") + more
    }

    /// The regular files below a folder that may be absent, in order.
    private static func files(in folder: String, below path: String = "") throws -> [String] {
        guard unsafe access(folder, F_OK) == 0 else { return [] }
        return try Folder.names(in: folder).flatMap { name -> [String] in
            var status = stat()
            guard unsafe lstat("\(folder)/\(name)", &status) == 0 else { throw FileError("read", "\(folder)/\(name)") }
            switch status.st_mode & S_IFMT {
            case S_IFDIR: return try files(in: "\(folder)/\(name)", below: "\(path)\(name)/")
            case S_IFREG: return [path + name]
            default: return []
            }
        }
    }
}
