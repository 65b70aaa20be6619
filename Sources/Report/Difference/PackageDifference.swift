internal import ByteKit

/// How two files differ that should be the same: a package that somebody gave us, and the one that was built anew.
///
/// It goes from the outside in: entries of a zip archive, the files of a squashfs image or of an archive, their bytes.
package struct PackageDifference: Sendable {
    /// Parts of the package that differ, in the order of the given one.
    package internal(set) var parts: [Part] = []
    /// The first byte that is not the same in both files.
    package internal(set) var firstByte: ByteDifference?

    /// Something in a package with a name: an entry of an archive, a blob of an image, the file itself.
    package struct Part: Sendable {
        package var name: [UInt8]
        package var kind: Kind
        /// What is not the same: `content`, `mode`, `time`, `encoding` (the same content, compressed to other bytes), `order`,
        /// `compressor`, `block size`; or `damaged` for what cannot be read.
        package var traits: [String] = []
        package var bytes: ByteDifference?
        /// Files in it that differ, when it is an image of files.
        package var files: [File] = []
        /// How many more there are.
        package var filesLeftOut = 0

        package enum Kind: String, Sendable {
            /// Only the given package has it.
            case added
            /// Only the one that was built anew has it.
            case missing
            case changed
        }
    }

    /// A file in an image of files.
    package struct File: Sendable {
        package var path: [UInt8]
        package var kind: Part.Kind
        /// `content`, `mode`, `owner`, `time`, `target`, `type`, `device`, `attributes`.
        package var traits: [String] = []
        package var bytes: ByteDifference?
    }

    /// Where two runs of bytes begin to differ.
    package struct ByteDifference: Sendable, Equatable {
        package var offset: Int
        /// Nil behind the end.
        package var given: UInt8?
        package var built: UInt8?
        /// How long the runs are.
        package var givenSize: Int
        package var builtSize: Int
    }

    /// More files than a person wants to read about.
    static let filesListed = 100

    package init() {}

    /// Whether some part has this trait.
    package func has(_ trait: String, in name: String? = nil) -> Bool {
        parts.contains { part in
            (name == nil || name.map { part.name.elementsEqual($0.utf8) } == true)
                && (part.traits.contains(trait) || part.files.contains { $0.traits.contains(trait) })
        }
    }
}

extension PackageDifference {
    /// Compares two files of the same kind. One that cannot be read as what it seems to be is called damaged.
    package static func between(given: String, built: String) throws -> PackageDifference {
        let left = try InputFile(given)
        let right = try InputFile(built)
        var difference = PackageDifference()
        difference.firstByte = try ByteDifference.first(
            left, 0..<left.size, right, 0..<right.size)
        guard difference.firstByte != nil else { return difference }
        let name = Array(name(of: given).utf8)
        do {
            let head = try left.read(count: min(4, left.size), at: 0)
            if head.starts(with: "PK".utf8) {
                try difference.addEntries(ZipPair.open(left, right))
            } else if head.starts(with: "hsqs".utf8) {
                difference.parts.append(
                    try SquashPair.compare(left, 0..<left.size, right, 0..<right.size, name: name))
            } else {
                difference.parts.append(try ArchivePair.compare(left, right, name: name))
            }
        } catch is ReportError {
            difference.parts.append(Part(name: name, kind: .changed, traits: ["damaged"]))
        }
        return difference
    }

    /// The last component of a path.
    static func name(of path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }
}

extension PackageDifference.ByteDifference {
    private static let pieceSize = 1 << 20

    /// The first difference of two ranges of open files; nil when there is none.
    static func first(
        _ given: borrowing InputFile, _ left: Range<Int>, _ built: borrowing InputFile, _ right: Range<Int>
    ) throws -> Self? {
        var place = 0
        let common = min(left.count, right.count)
        while place < common {
            try Cancellation.check()
            let count = min(pieceSize, common - place)
            let (one, other) = (
                try given.read(count: count, at: left.lowerBound + place),
                try built.read(count: count, at: right.lowerBound + place)
            )
            if let found = first(one, other, at: place, sizes: (left.count, right.count)) { return found }
            place += count
        }
        guard left.count != right.count else { return nil }
        return Self(
            offset: common,
            given: left.count > common ? try given.read(count: 1, at: left.lowerBound + common).first : nil,
            built: right.count > common ? try built.read(count: 1, at: right.lowerBound + common).first : nil,
            givenSize: left.count, builtSize: right.count)
    }

    /// The first difference of two pieces as long as each other, which stand at `place` of runs of these sizes.
    static func first(
        _ given: [UInt8], _ built: [UInt8], at place: Int, sizes: (given: Int, built: Int)
    ) -> Self? {
        guard given != built, let index = zip(given, built).enumerated().first(where: { $1.0 != $1.1 })?.offset
        else { return nil }
        return Self(
            offset: place + index, given: given[index], built: built[index], givenSize: sizes.given,
            builtSize: sizes.built)
    }

    /// The first difference of two runs in memory; nil when there is none.
    static func first(_ given: [UInt8], _ built: [UInt8]) -> Self? {
        let common = min(given.count, built.count)
        if let found = first(
            Array(given.prefix(common)), Array(built.prefix(common)), at: 0, sizes: (given.count, built.count))
        {
            return found
        }
        guard given.count != built.count else { return nil }
        return Self(
            offset: common, given: given.count > common ? given[common] : nil,
            built: built.count > common ? built[common] : nil, givenSize: given.count, builtSize: built.count)
    }
}

/// The parts of image layouts, which whoever knows layouts compares.
extension PackageDifference {
    /// Where two runs of bytes in memory begin to differ; nil when they are the same.
    package static func between(_ given: [UInt8], _ built: [UInt8]) -> ByteDifference? {
        ByteDifference.first(given, built)
    }

    /// A part that begins to differ there.
    package mutating func add(_ name: String, _ bytes: ByteDifference) {
        parts.append(Part(name: Array(name.utf8), kind: .changed, traits: ["content"], bytes: bytes))
    }

    /// A part that one of the two has not.
    package mutating func add(_ name: String, _ kind: Part.Kind) {
        parts.append(Part(name: Array(name.utf8), kind: kind))
    }

    /// Compares two files of layouts; a layer's file by file.
    package mutating func addBlobs(_ name: String, _ given: String, _ built: String, isLayer: Bool) throws {
        let left = try InputFile(given)
        let right = try InputFile(built)
        guard let bytes = try ByteDifference.first(left, 0..<left.size, right, 0..<right.size) else { return }
        guard isLayer else { return add(name, bytes) }
        do {
            parts.append(try ArchivePair.compare(left, right, name: Array(name.utf8)))
        } catch is ReportError {
            parts.append(Part(name: Array(name.utf8), kind: .changed, traits: ["damaged"], bytes: bytes))
        }
    }
}
