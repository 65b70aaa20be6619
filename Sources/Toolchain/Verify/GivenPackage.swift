internal import ByteKit
internal import Glibc
internal import Report

/// A result of a build that somebody gave us: what it is, as its bytes say.
struct GivenPackage {
    enum Kind: Equatable {
        /// A function's zip, of this form.
        case zip(PackageForm)
        /// A layer's zip.
        case layer
        case squashfs
        case tar
        /// An image layout: a function's or a runtime's, of this form; nil for one of the tree alone.
        case layout(PackageForm?)
    }

    let path: String
    let kind: Kind

    /// The name without what tells results of one function apart: `out/thumbnails-layer.zip` is of `thumbnails`.
    var function: String {
        var name = Substring(path.split(separator: "/").last ?? "")
        for ending in ["-layer.zip", ".zip", ".squashfs", ".tar", ".tar.gz", ".tar.zst", ".image", ".runtime", ".oci"]
        where name.hasSuffix(ending) {
            name = name.dropLast(ending.count)
            break
        }
        return String(name)
    }

    /// The folder that it lies in.
    var folder: String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    init(_ path: String) throws {
        var trimmed = path[...]
        while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed = trimmed.dropLast() }
        self.path = String(trimmed)
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { throw FileError("open", path) }
        if status.st_mode & S_IFMT == S_IFDIR {
            guard unsafe access("\(path)/oci-layout", F_OK) == 0 else {
                throw ToolError(
                    "unverifiable",
                    "\(path) is a folder and no image layout: the files of a tree have no bytes of their own",
                    hint: "build with --target tar, and verify the archive", exitCode: .usage)
            }
            let forms: [PackageForm] = [.image, .runtime]
            kind = .layout(forms.first { trimmed.hasSuffix(".\($0.rawValue)") })
            return
        }
        let file = try InputFile(path)
        let head = try file.read(count: min(4, file.size), at: 0)
        if head.starts(with: "PK".utf8) {
            kind = Self.kind(of: try ZipDirectory(file))
        } else if head.starts(with: "hsqs".utf8) {
            kind = .squashfs
        } else {
            kind = .tar
        }
    }

    private static func kind(of zip: ZipDirectory) -> Kind {
        func has(_ name: String) -> Bool { zip.entries.contains { $0.path.starts(with: name.utf8) } }
        guard has("bootstrap") else { return has("launch.json") ? .zip(.runtime) : .layer }
        if has("artifact.squashfs") { return .zip(.squashfs) }
        return .zip(has("root/") ? .tree : .layer)
    }

    /// The only form of package that can have become this; nil for what is no package.
    var form: PackageForm? {
        switch kind {
        case .zip(let form): form
        case .layer: .layer
        case .layout(let form): form
        case .squashfs, .tar: nil
        }
    }
}
