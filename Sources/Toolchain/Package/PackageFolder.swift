internal import ByteKit
internal import Glibc
internal import Packager

/// Lays entries of a package out as a folder, as Lambda unpacks them.
enum PackageFolder {
    /// - Parameter image: what entries of the image are read from.
    static func write(_ entries: [ZipEntry], reading image: RootView, to root: String) throws {
        // As bytes: names that look the same may be two.
        var folders: Set<ArraySlice<UInt8>> = []
        for entry in entries {
            try Cancellation.check()
            let name = entry.name
            let path = "\(root)/\(name)"
            if let slash = entry.path.lastIndex(of: UInt8(ascii: "/")), folders.insert(entry.path[..<slash]).inserted {
                try Folder.create("\(root)/\(String(decoding: entry.path[..<slash], as: UTF8.self))")
            }
            switch entry.content {
            case .folder: try Folder.create(path)
            case .link(let target):
                let text = (target + [0]).map { CChar(bitPattern: $0) }
                guard unsafe symlink(text, path) == 0 else { throw FileError("create", path) }
            case .bytes(let bytes):
                try write(entry, path) { file in try file.write(bytes) }
            case .file(let source):
                // The artifact is written where it belongs at once.
                guard source != path else { continue }
                let input = try InputFile(source)
                try write(entry, path) { file in try file.append(from: input, offset: 0, length: input.size) }
            case .image(let source, let size):
                try write(entry, path) { file in
                    var offset = 0
                    while offset < size {
                        let bytes = try image.read(source, offset, min(1 << 20, size - offset))
                        guard !bytes.isEmpty else { throw FileError("read", source, errorNumber: ENODATA) }
                        try file.write(bytes)
                        offset += bytes.count
                    }
                }
            }
        }
    }

    private static func write(_ entry: ZipEntry, _ path: String, _ fill: (inout OutputFile) throws -> Void) throws {
        var file = try OutputFile(path, permissions: UInt32(entry.permissions), bufferSize: 64 << 10)
        try fill(&file)
        try file.finish()
    }
}
