internal import ByteKit
internal import Glibc
internal import Packager

/// Lays a package out as a folder, as Lambda unpacks it.
enum PackageFolder {
    static func write(_ package: FunctionPackage, to root: String) throws {
        for entry in package.entries {
            let path = "\(root)/\(entry.name)"
            if let slash = entry.name.lastIndex(of: "/") { try Folder.create("\(root)/\(entry.name[..<slash])") }
            switch entry.content {
            case .folder: try Folder.create(path)
            case .link(let target):
                guard unsafe symlink(String(decoding: target, as: UTF8.self), path) == 0 else {
                    throw FileError("create", path)
                }
            case .bytes(let bytes):
                var file = try OutputFile(path, permissions: UInt32(entry.permissions))
                try file.write(bytes)
                try file.finish()
            case .file(let source):
                // The artifact is written where it belongs at once.
                guard source != path else { continue }
                let input = try InputFile(source)
                var file = try OutputFile(path, permissions: UInt32(entry.permissions))
                try file.append(from: input, offset: 0, length: input.size)
                try file.finish()
            }
        }
    }
}
