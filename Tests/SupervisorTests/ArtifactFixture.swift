import Glibc
import SquashFS
import Supervisor
import TestKit

extension LaunchSpec.Artifact {
    /// The squashfs image at a path of a package, with the table of its blocks' digests put beside it.
    init(_ name: String, in package: String, unpackedSize: Int) {
        let descriptor = unsafe open("\(package)/\(name)", O_RDONLY | O_CLOEXEC)
        precondition(descriptor >= 0)
        defer { close(descriptor) }
        let size = Int(lseek(descriptor, 0, SEEK_END))
        guard let table = try? BlockDigests.table(of: descriptor, imageLength: size) else {
            preconditionFailure("no digests of \(name)")
        }
        let path = "\(package)/artifact.blocks"
        let output = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        precondition(unsafe write(output, table, table.count) == table.count)
        close(output)
        self.init(
            path: utf8(name), digest: Self.digest(of: "\(package)/\(name)"), size: size, unpackedSize: unpackedSize,
            blocks: utf8("artifact.blocks"), blocksDigest: Self.digest(of: path))
    }

    /// An image that is not there.
    static func missing(_ name: String, unpackedSize: Int) -> LaunchSpec.Artifact {
        let digest = utf8("sha256:" + String(repeating: "1", count: 64))
        return .init(
            path: utf8(name), digest: digest, size: 1 << 40, unpackedSize: unpackedSize,
            blocks: utf8("artifact.blocks"),
            blocksDigest: digest)
    }

    private static func digest(of path: String) -> [UInt8] {
        utf8("sha256:" + shell("sha256sum '\(path)'").output.prefix(64))
    }
}

/// Flips one bit of a file.
func flipBit(of path: String, at place: Int) {
    let descriptor = unsafe open(path, O_RDWR | O_CLOEXEC)
    defer { close(descriptor) }
    var byte: UInt8 = 0
    precondition(unsafe pread(descriptor, &byte, 1, off_t(place)) == 1)
    byte ^= 0x10
    precondition(unsafe pwrite(descriptor, &byte, 1, off_t(place)) == 1)
}
