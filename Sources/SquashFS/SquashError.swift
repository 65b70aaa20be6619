/// Why an image could not be read or unpacked.
package struct SquashError: Error, Equatable, Sendable {
    package enum Code: Sendable, Equatable {
        // The image.
        case notSquashfs
        case unsupportedVersion
        /// The number of the compressor in the superblock.
        case unsupportedCompressor(UInt16)
        case badSuperblock
        /// The table of digests is not one of this image.
        case badDigests
        /// A block of the image, by its number in the table of digests, is not what it was when the table was made.
        case damaged(block: Int)
        /// Something lies, or reaches, past the end of the image or of its table.
        case truncated
        case badMetadata
        /// A block is not what its compressor made, or has another length than it must.
        case badCompression
        case badInode
        case badDirectory
        case badName
        case unorderedNames
        case duplicateName
        case directoryLoop
        case tooDeep
        case tooManyEntries
        case badBlock
        case badFragment
        case badIdentity
        case badAttribute
        case badSymlink
        // The question.
        case notFound
        case notDirectory
        case notFile
        /// A path leads through more symlinks than Linux follows.
        case tooManyLinks
        /// Whoever asked wants it no more.
        case stopped
        // The machine: `errorNumber` has the kernel's reason.
        case readFailed
        case createFailed
        case writeFailed
        case attributesFailed
        /// What the tree needs and what the file system has, in bytes.
        case noSpace(needed: Int, free: Int)
        /// The kernel cannot keep others from a file until its bytes are there.
        case noLeases
        /// A file's bytes came later than the kernel keeps others waiting for them.
        case tooSlow
        /// More comes out of the image than whoever reads it takes: than the tree was said to need, or than any image needs.
        case tooLarge(limit: Int)
    }

    package var code: Code
    /// The path inside the image it is about, without a leading slash; empty for the image itself.
    package var path: [UInt8]
    /// The kernel's error number, or 0.
    package var errorNumber: Int32

    package init(_ code: Code, path: [UInt8] = [], errorNumber: Int32 = 0) {
        self.code = code
        self.path = path
        self.errorNumber = errorNumber
    }

    /// The same error, about this path unless it names one already.
    func at(_ path: [UInt8]) -> SquashError {
        self.path.isEmpty ? SquashError(code, path: path, errorNumber: errorNumber) : self
    }
}

extension SquashError {
    /// A stable, searchable name in kebab case.
    package var name: StaticString {
        switch code {
        case .notSquashfs: "not-squashfs"
        case .unsupportedVersion: "squashfs-version"
        case .unsupportedCompressor: "squashfs-compressor"
        case .badSuperblock: "bad-superblock"
        case .badDigests: "bad-digests"
        case .damaged: "damaged-image"
        case .truncated: "truncated-image"
        case .badMetadata: "bad-metadata"
        case .badCompression: "bad-compression"
        case .badInode: "bad-inode"
        case .badDirectory: "bad-directory"
        case .badName: "bad-name"
        case .unorderedNames: "unordered-names"
        case .duplicateName: "duplicate-name"
        case .directoryLoop: "directory-loop"
        case .tooDeep: "too-deep"
        case .tooManyEntries: "too-many-entries"
        case .badBlock: "bad-block"
        case .badFragment: "bad-fragment"
        case .badIdentity: "bad-identity"
        case .badAttribute: "bad-attribute"
        case .badSymlink: "bad-symlink"
        case .notFound: "not-found"
        case .notDirectory: "not-a-directory"
        case .notFile: "not-a-file"
        case .tooManyLinks: "too-many-links"
        case .stopped: "stopped"
        case .readFailed: "image-read"
        case .createFailed: "unpack-create"
        case .writeFailed: "unpack-write"
        case .attributesFailed: "unpack-attributes"
        case .noSpace: "no-space"
        case .noLeases: "no-leases"
        case .tooSlow: "unpack-too-slow"
        case .tooLarge: "unpacks-too-large"
        }
    }

    /// What is wrong, as a sentence without the path and the kernel's reason.
    package var reason: StaticString {
        switch code {
        case .notSquashfs: "this is not a squashfs image"
        case .unsupportedVersion: "this is squashfs of another version than 4.0"
        case .unsupportedCompressor(let number): Self.refusal(ofCompressor: number)
        case .badSuperblock: "the superblock contradicts itself or the image"
        case .badDigests: "the table of its blocks’ digests is of another length than the image has blocks"
        case .damaged: "a block of the image is not what it was when it was packed"
        case .truncated: "something lies past the end of the image"
        case .badMetadata: "a metadata block is malformed"
        case .badCompression: "a block does not decompress to what it should be"
        case .badInode: "an inode is malformed"
        case .badDirectory: "a directory is malformed"
        case .badName: "a name is empty, ‘.’, ‘..’, too long, or has a slash or NUL in it"
        case .unorderedNames: "the names in a directory are out of order"
        case .duplicateName: "a name stands twice in a directory"
        case .directoryLoop: "a directory is reached twice"
        case .tooDeep: "directories nest too deeply"
        case .tooManyEntries: "there are more entries than the image has inodes for"
        case .badBlock: "a file's data block has an impossible size"
        case .badFragment: "a file's fragment lies outside the fragment table or its block"
        case .badIdentity: "an owner lies outside the table of owners"
        case .badAttribute: "an extended attribute is malformed"
        case .badSymlink: "a symlink's target is empty, too long or has a NUL in it"
        case .notFound: "there is no such file in the image"
        case .notDirectory: "this is not a directory"
        case .notFile: "this is not a regular file"
        case .tooManyLinks: "the path leads through too many symlinks"
        case .stopped: "unpacking was stopped"
        case .readFailed: "the image cannot be read"
        case .createFailed: "an entry cannot be created"
        case .writeFailed: "a file cannot be written"
        case .attributesFailed: "an entry's mode, owner or time cannot be set"
        case .noSpace: "the file system has too little space for the tree"
        case .noLeases: "the kernel cannot keep others from a file until its bytes are there"
        case .tooSlow: "its bytes came later than the kernel keeps others waiting for them"
        case .tooLarge: "more comes out of the image than may"
        }
    }

    private static func refusal(ofCompressor number: UInt16) -> StaticString {
        switch Squash.Compressor(rawValue: number) {
        case .lzma: "the image is compressed with lzma, which is not supported; use zstd, gzip, xz or lz4"
        case .lzo: "the image is compressed with lzo, which is not supported; use zstd, gzip, xz or lz4"
        default: "the image is compressed with something unknown; use zstd, gzip, xz or lz4"
        }
    }
}
