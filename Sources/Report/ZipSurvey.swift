package import ByteKit
internal import LayerFS

/// Lists a zip archive: a function's package, a layer for functions, or any other.
///
/// A package of ours is shown as the function finds it: the image's files where they are in the image, whether they are in
/// a squashfs image or in the archive itself, and the rest in /var/task.
package enum ZipSurvey {
    package static func survey(_ path: String, sums: ContentSum.Kind = .mark) throws -> Survey {
        let file = try InputFile(path)
        let digest = try Digest(of: file)
        let directory = try ZipDirectory(file)
        let form = Form(directory)
        var image: Survey.Layer?
        var parts = (image: Part(digest, sums), package: Part(digest, sums))
        for entry in directory.entries {
            try Cancellation.check()
            if form.isPackage, entry.path.elementsEqual("artifact.squashfs".utf8), !entry.isDeflated {
                let start = try directory.dataOffset(of: entry, in: file)
                image = try SquashSurvey.layer(of: file, at: start, size: entry.storedSize, digest, sums)
                image?.instruction = "artifact.squashfs"
                continue
            }
            let (path, isImage) = form.place(of: entry.path)
            if isImage {
                try parts.image.add(entry, as: path, directory, file)
            } else {
                try parts.package.add(entry, as: path, directory, file)
            }
        }
        var layers = [image, parts.image.layer("files of the image")].compactMap(\.self)
        if let package = parts.package.layer(form.isPackage ? "the package" : "") { layers.append(package) }
        return Survey(name: path, kind: .zip, digest: digest, size: file.size, layers: layers)
    }

    /// What kind of archive it is. docs/package.md.
    private struct Form {
        let isPackage: Bool

        init(_ directory: ZipDirectory) {
            isPackage = ["bootstrap", "launch.json"].allSatisfy { name in
                directory.entries.contains { $0.path.elementsEqual(name.utf8) }
            }
        }

        func place(of path: [UInt8]) -> (path: [UInt8], isImage: Bool) {
            for folder in isPackage ? ["root/"] : ["scar/root/"] where path.starts(with: folder.utf8) {
                return (Array(path.dropFirst(folder.utf8.count)), true)
            }
            return isPackage ? (Array("var/task/".utf8) + path, false) : (path, false)
        }
    }

    /// The entries of an archive that become one layer.
    private struct Part {
        private var listing: LayerListing
        private var observer = LayerObserver()
        private var size = 0
        private let sums: ContentSum.Kind

        init(_ digest: Digest, _ sums: ContentSum.Kind) {
            listing = LayerListing(layer: digest)
            self.sums = sums
        }

        mutating func add(
            _ zipped: ZipDirectory.Entry, as path: [UInt8], _ directory: ZipDirectory, _ file: borrowing InputFile
        ) throws {
            let isFolder = zipped.path.last == UInt8(ascii: "/")
            let kind: TarEntry.Kind =
                isFolder ? .directory : zipped.mode & 0o170000 == 0o120000 ? .symlink : .file
            var entry = TarEntry(
                kind: kind, path: try LayerPath.clean(path),
                mode: zipped.mode == 0 ? (isFolder ? 0o755 : 0o644) : UInt16(truncatingIfNeeded: zipped.mode & 0o7777))
            size += zipped.storedSize
            guard kind != .directory, zipped.size > 0 else { return try listing.add(entry, sum: nil) }
            entry.size = zipped.size
            let wanted = kind == .symlink ? LayerPath.pathLimit : observer.wanted(entry)
            let (sum, head) = try directory.read(zipped, wanted: wanted, in: file, sums)
            guard kind == .file else {
                entry.target = head
                entry.size = 0
                return try listing.add(entry, sum: nil)
            }
            observer.see(entry, head: head)
            try listing.add(entry, sum: sum)
        }

        func layer(_ name: String) -> Survey.Layer? {
            guard !listing.entries.isEmpty else { return nil }
            var layer = Survey.Layer(listing, observer, mediaType: "zip", size: size)
            layer.instruction = name
            return layer
        }
    }
}
