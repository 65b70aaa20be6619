import ByteKit
import Glibc
import LayerFS
import SquashFS
import TestKit
import Testing

/// An image mounted by the kernel for as long as the value lives.
struct Mount: ~Copyable {
    let path: String

    /// Whether this process may mount images.
    static let isPossible = unsafe access("/dev/loop-control", W_OK) == 0 && geteuid() == 0 && Peer.isInstalled("mount")

    /// Whether this kernel was built with a compressor. What it does not say, it is taken to know.
    static func knows(_ compressor: Squash.Compressor) -> Bool { !missing.contains(compressor) }

    private static let missing: Set<Squash.Compressor> = {
        let names: [(Squash.Compressor, String)] = [(.gzip, "ZLIB"), (.xz, "XZ"), (.lz4, "LZ4"), (.zstd, "ZSTD")]
        guard let said = try? Peer.run("sh", ["-c", "zcat /proc/config.gz || cat /boot/config-$(uname -r)"]).text,
            said.contains("CONFIG_SQUASHFS=")
        else { return [] }
        let missing = names.filter { !said.contains("CONFIG_SQUASHFS_\($0.1)=y") }
        for (_, name) in missing { print("This kernel mounts no squashfs with \(name): the tests do without.") }
        return Set(missing.map(\.0))
    }()

    init(_ image: String, at path: String) throws {
        try Folder.create(path)
        let result = try Peer.run("mount", ["-t", "squashfs", "-o", "loop,ro", image, path])
        guard result.status == 0 else { throw PeerRefused(description: "mount: \(result.errorText)") }
        self.path = path
    }

    deinit { _ = try? Peer.run("umount", [path]) }
}

/// What a peer said against our work.
struct PeerRefused: Error, CustomStringConvertible {
    let description: String
}

extension LayerWorkspace {
    /// Writes the tree and has everybody read it: our reader, `unsquashfs`, and the kernel when we may mount.
    ///
    /// Not a word of complaint is accepted. Names must be UTF-8, and times inside 1970 to 2106.
    @discardableResult
    func checkedSquash(
        _ linked: Linker.LinkedTree, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> (path: String, report: LinkReport) {
        let (image, report) = try squash(linked)
        #expect(report.artifactSize == (try InputFile(image).size), sourceLocation: sourceLocation)
        #expect(report.artifactSize.isMultiple(of: 4096), sourceLocation: sourceLocation)
        let bytes = try InputFile.contents(of: image, limit: 1 << 28)
        #expect(report.artifactDigest == Digest(of: bytes), sourceLocation: sourceLocation)
        let expected = try Listing(linked)
        expectSame(try Listing(squash: image), expected, sourceLocation: sourceLocation)
        let unpacked = freshPath("unpacked")
        let result = try Peer.run("unsquashfs", ["-no-progress", "-quiet", "-dest", unpacked, image])
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errorText)", sourceLocation: sourceLocation)
        if geteuid() == 0 {
            expectSame(try Listing(folder: unpacked), expected, sourceLocation: sourceLocation)
        }
        if Mount.isPossible, Mount.knows(settings.compressor) {
            let mount = try Mount(image, at: freshPath("mount"))
            expectSame(try Listing(folder: mount.path), expected, sourceLocation: sourceLocation)
        }
        return (image, report)
    }
}

/// Whether bytes stand anywhere in others.
func contains(_ haystack: [UInt8], _ needle: [UInt8]) -> Bool {
    unsafe haystack.withUnsafeBytes { haystack in
        var rest = unsafe haystack
        while rest.count >= needle.count, let base = rest.baseAddress {
            guard let found = unsafe memchr(base, Int32(needle[0]), rest.count - needle.count + 1) else { return false }
            let start = unsafe UnsafeRawPointer(found) - base
            if unsafe memcmp(found, needle, needle.count) == 0 { return true }
            unsafe rest = UnsafeRawBufferPointer(rebasing: rest[(start + 1)...])
        }
        return false
    }
}
