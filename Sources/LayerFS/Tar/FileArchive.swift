package import ByteKit

/// A tar archive of files that are named one by one: a layer of an image that comes from no other layer.
///
/// All of it is root's, and has one time.
package enum FileArchive {
    package enum Content: Sendable {
        case bytes([UInt8])
        /// A regular file of this machine.
        case file(String)
        case link([UInt8])
        case folder
    }

    package struct Entry: Sendable {
        /// Relative to the root, without a slash at its end.
        package var path: [UInt8]
        package var content: Content
        package var permissions: UInt16

        package init(path: [UInt8], content: Content, permissions: UInt16) {
            self.path = path
            self.content = content
            self.permissions = permissions
        }
    }

    /// What was written.
    package struct Summary: Sendable {
        package var size: Int
        package var digest: Digest
        /// Of the archive before it was compressed.
        package var archiveDigest: Digest
    }

    /// Writes the entries in their order.
    ///
    /// - Parameter time: of every entry, in seconds since 1970.
    package static func write(
        _ entries: [Entry], to path: String, _ compression: StreamCompression, time: Int64, pool: WorkerPool
    ) throws -> Summary {
        let output = try StreamOutput(path, compression, pool: pool, sumsStream: true)
        for entry in entries { try write(entry, time: time, to: output) }
        try output.write(TarEntryHeaders.end)
        let summary = try output.finish()
        return Summary(
            size: summary.size, digest: summary.digest, archiveDigest: summary.streamDigest ?? summary.digest)
    }

    private static func write(_ entry: Entry, time: Int64, to output: StreamOutput) throws {
        var headers = TarEntryHeaders(
            type: UInt8(ascii: "0"), path: entry.path, mode: entry.permissions, userID: 0, groupID: 0,
            modificationTime: time)
        switch entry.content {
        case .bytes(let bytes):
            headers.size = bytes.count
            try output.write(headers.encoded())
            try output.write(bytes)
        case .file(let path):
            let file = try InputFile(path)
            headers.size = file.size
            try output.write(headers.encoded())
            var offset = 0
            while offset < file.size {
                let count = min(1 << 20, file.size - offset)
                try output.write(try file.read(count: count, at: offset))
                offset += count
            }
        case .link(let target):
            headers.type = UInt8(ascii: "2")
            headers.linkName = target
            try output.write(headers.encoded())
        case .folder:
            headers.type = UInt8(ascii: "5")
            headers.path += [UInt8(ascii: "/")]
            try output.write(headers.encoded())
        }
        try output.write(TarEntryHeaders.padding(headers.size))
    }
}
