package import ByteKit

extension Linker.LinkedTree {
    /// Writes the tree as a tar archive.
    ///
    /// - Parameter sumsArchive: whether the digest of the uncompressed archive is wanted as well.
    package func writeTar(
        to path: String, _ compression: StreamCompression, pool: WorkerPool, sumsArchive: Bool = false
    ) throws -> LinkReport {
        let output = try StreamOutput(path, compression, pool: pool, sumsStream: sumsArchive)
        let warnings = try TarWriter(self, pool: pool).write(to: output)
        let summary = try output.finish()
        var report = report
        report.artifactSize = summary.size
        report.artifactDigest = summary.digest
        report.archiveDigest = summary.streamDigest
        report.warnings += warnings
        return report
    }

    /// Unpacks the tree into an empty folder. It gets owners, modes, times and attributes as far as this user may give
    /// them; what could not be given is in the report's warnings.
    package func writeFolder(to path: String, pool: WorkerPool) throws -> LinkReport {
        var writer = try FolderWriter(self, into: path, pool: pool)
        var report = report
        report.warnings += try writer.write()
        report.artifactSize = report.unpackedSize
        return report
    }
}
