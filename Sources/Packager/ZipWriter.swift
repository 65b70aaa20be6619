package import ByteKit

/// Writes a zip archive that depends on nothing but its entries: no clock, no umask, no order but the caller's.
///
/// Every header is whole when it is written (no data descriptors), so that readers that stream can read it. The archive
/// appears under its name in `finish()`, or not at all.
package struct ZipWriter: ~Copyable {
    /// Larger files are stored: deflating needs them whole in memory, and a function that unpacks to more is refused by
    /// Lambda in any case.
    package static let largestDeflated = 262_144_000

    private var file: OutputFile
    private let time: ZipTime
    private let limits: ZipLimits
    private let deflater = Deflater()
    private var records: [ZipRecord] = []
    private var kinds: [[UInt8]: Kind] = [:]

    /// What stands at a path: a folder may be implied by what is in it and then be written as well.
    private enum Kind {
        case impliedFolder, folder, leaf
    }

    /// Starts an archive that will stand at `path`.
    package init(_ path: String, time: ZipTime = .earliest, limits: ZipLimits = .standard) throws(PackagerError) {
        do throws(FileError) {
            file = try OutputFile(path)
        } catch {
            throw PackagerError(error)
        }
        self.time = time
        self.limits = limits
    }

    /// Writes one entry.
    ///
    /// An entry is refused when its path is taken, or stands below something that is no folder: an unpacker would
    /// overwrite the first, or write through it.
    package mutating func add(_ entry: ZipEntry) throws(PackagerError) {
        try entry.check()
        try claim(entry)
        switch entry.content {
        case .bytes(let bytes): try add(entry, bytes: bytes)
        case .link(let target): try write(entry, data: target, deflated: nil)
        case .folder: try write(entry, data: [], deflated: nil)
        case .file(let path): try add(entry, file: path)
        case .image: throw Self.unreadable(entry, "nothing was given to read it from")
        }
    }

    /// Writes the directory, and gives the archive its name.
    package consuming func finish() throws(PackagerError) -> ZipSummary {
        let directory = file.count
        for record in records { try write(record.centralHeader(time, limits)) }
        let end = ZipEnd(entries: records.count, directoryOffset: directory, directorySize: file.count - directory)
        try write(end.bytes(limits))
        let entries = records.map {
            ZipSummary.Entry(path: String(decoding: $0.path, as: UTF8.self), size: $0.size)
        }
        let summary = ZipSummary(path: file.path, size: file.count, digest: try digest(), entries: entries)
        do throws(FileError) {
            try file.finish()
        } catch {
            throw PackagerError(error)
        }
        return summary
    }

    // MARK: Entries

    private mutating func add(_ entry: ZipEntry, bytes: [UInt8]) throws(PackagerError) {
        let isTried = entry.isDeflated && bytes.count <= Self.largestDeflated
        try write(entry, data: bytes, deflated: isTried ? deflater.deflate(bytes) : nil)
    }

    private mutating func add(_ entry: ZipEntry, file path: String) throws(PackagerError) {
        let input: InputFile
        do throws(FileError) {
            input = try InputFile(path)
        } catch {
            throw PackagerError(error)
        }
        if entry.isDeflated, input.size <= Self.largestDeflated {
            return try add(entry, bytes: Self.read(input, at: 0, count: input.size))
        }
        // Two passes: the sum stands before the data, and the second pass stays inside the kernel.
        var crc: UInt32 = 0
        try Self.forEachPiece(of: input) { crc = Crc32.update(crc, $0) }
        try begin(entry, crc: crc, size: input.size, compressedSize: input.size, isDeflated: false)
        do throws(FileError) {
            try file.append(from: input, offset: 0, length: input.size)
        } catch {
            throw PackagerError(error)
        }
    }

    private mutating func write(_ entry: ZipEntry, data: [UInt8], deflated: [UInt8]?) throws(PackagerError) {
        let stored = deflated ?? data
        try begin(
            entry, crc: Crc32.update(0, data), size: data.count, compressedSize: stored.count,
            isDeflated: deflated != nil)
        try write(stored)
    }

    /// Writes an entry's header; its data must follow.
    mutating func begin(
        _ entry: ZipEntry, crc: UInt32, size: Int, compressedSize: Int, isDeflated: Bool
    ) throws(PackagerError) {
        let record = ZipRecord(
            path: entry.path, isFolder: entry.content == .folder, mode: entry.mode, crc: crc, size: size,
            compressedSize: compressedSize, isDeflated: isDeflated, offset: file.count)
        records.append(record)
        try write(record.localHeader(time, limits))
    }

    mutating func claim(_ entry: ZipEntry) throws(PackagerError) {
        let isFree = kinds[entry.path].map { $0 == .impliedFolder && entry.content == .folder } ?? true
        guard isFree else {
            throw PackagerError(.duplicateEntry, "the package has two entries ‘\(entry.name)’")
        }
        for index in entry.path.indices where entry.path[index] == UInt8(ascii: "/") {
            let parent = [UInt8](entry.path[..<index])
            switch kinds[parent] {
            case nil: kinds[parent] = .impliedFolder
            case .folder, .impliedFolder: break
            case .leaf:
                let name = String(decoding: parent, as: UTF8.self)
                throw PackagerError(.duplicateEntry, "‘\(entry.name)’ stands below ‘\(name)’, which is no folder")
            }
        }
        kinds[entry.path] = entry.content == .folder ? .folder : .leaf
    }

    mutating func write(_ bytes: [UInt8]) throws(PackagerError) {
        do throws(FileError) {
            try file.write(bytes)
        } catch {
            throw PackagerError(error)
        }
    }

    // MARK: Reading back

    private mutating func digest() throws(PackagerError) -> Digest {
        let input: InputFile
        do throws(FileError) {
            input = try file.reader()
        } catch {
            throw PackagerError(error)
        }
        var hasher = Sha256()
        try Self.forEachPiece(of: input) { hasher.update($0) }
        return hasher.finalize()
    }

    /// Reads a file from beginning to end, a mebibyte at a time.
    private static func forEachPiece(of input: borrowing InputFile, _ body: ([UInt8]) -> Void) throws(PackagerError) {
        var offset = 0
        while offset < input.size {
            let count = min(1 << 20, input.size - offset)
            body(try read(input, at: offset, count: count))
            offset += count
        }
    }

    /// A file of the image that is not what it was.
    static func unreadable(_ entry: ZipEntry, _ reason: String) -> PackagerError {
        PackagerError(.file, "cannot read ‘\(entry.name)’ of the image: \(reason)")
    }

    private static func read(
        _ input: borrowing InputFile, at offset: Int, count: Int
    ) throws(PackagerError) -> [UInt8] {
        do throws(FileError) {
            return try input.read(count: count, at: offset)
        } catch {
            throw PackagerError(error)
        }
    }
}

/// What a finished archive is.
package struct ZipSummary: Sendable, Equatable {
    /// Where it stands.
    package var path: String
    /// Its size in bytes.
    package var size: Int
    package var digest: Digest
    package var entries: [Entry]

    package struct Entry: Sendable, Equatable {
        package var path: String
        /// Bytes unpacked.
        package var size: Int
    }

    /// Bytes of all entries unpacked, as Lambda counts them.
    package var unpackedSize: Int { entries.reduce(0) { $0 + $1.size } }
}
