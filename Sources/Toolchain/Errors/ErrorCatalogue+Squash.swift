extension ErrorCatalogue {
    /// Unpack, inspect and diff of artifacts.
    static let squash = ErrorChapter(
        "Squashfs images",
        [
            ErrorEntry(
                "not-squashfs", cause: "The file is not a squashfs image.",
                cure: "Name the artifact; in a function’s zip it is artifact.squashfs."),
            ErrorEntry(
                "squashfs-version", cause: "The image is squashfs of another version than 4.0.",
                cure: "Write it again with mksquashfs 4.0 or newer."),
            ErrorEntry(
                "squashfs-compressor", cause: "The image is compressed with lzma, lzo or something unknown.",
                cure: "Write it again with zstd, gzip, xz or lz4."),
            ErrorEntry("bad-superblock", cause: "The image’s head contradicts itself.", cure: damagedImage),
            ErrorEntry(
                "bad-digests",
                cause: "The table of digests beside the image is not the one that the package vouches for.",
                cure: damagedImage),
            ErrorEntry(
                "damaged-image", cause: "Bytes of the image are not those that were packed: their digest is another.",
                cure: damagedImage),
            ErrorEntry("truncated-image", cause: "Something lies past the end of the image.", cure: damagedImage),
            ErrorEntry("bad-metadata", cause: "A metadata block is malformed.", cure: damagedImage),
            ErrorEntry(
                "bad-compression", cause: "A block does not decompress to what it should be.", cure: damagedImage),
            ErrorEntry("bad-inode", cause: "An inode is malformed.", cure: damagedImage),
            ErrorEntry("bad-directory", cause: "A directory is malformed.", cure: damagedImage),
            ErrorEntry(
                "bad-name", cause: "A name in the image is empty, ‘.’, ‘..’, too long, or has a slash or NUL in it.",
                cure: damagedImage),
            ErrorEntry("unordered-names", cause: "The names in a directory are out of order.", cure: damagedImage),
            ErrorEntry("duplicate-name", cause: "A name stands twice in a directory.", cure: damagedImage),
            ErrorEntry("directory-loop", cause: "A directory is reached twice.", cure: damagedImage),
            ErrorEntry("too-deep", cause: "Directories nest too deeply.", cure: damagedImage),
            ErrorEntry(
                "too-many-entries", cause: "There are more entries than the image has inodes for.", cure: damagedImage),
            ErrorEntry("bad-block", cause: "A data block has an impossible size.", cure: damagedImage),
            ErrorEntry("bad-fragment", cause: "A fragment lies outside its table or block.", cure: damagedImage),
            ErrorEntry("bad-identity", cause: "An owner lies outside the table of owners.", cure: damagedImage),
            ErrorEntry("bad-attribute", cause: "An extended attribute is malformed.", cure: damagedImage),
            ErrorEntry(
                "bad-symlink", cause: "A symlink’s target is empty, too long or has a NUL in it.", cure: damagedImage),
            ErrorEntry(
                "not-a-directory", cause: "A path leads through a file.",
                cure: "Check the path; ‘scar-build inspect’ lists what is in the image."),
            ErrorEntry(
                "not-a-file", cause: "A path is a folder or something else that is no file.", cure: "Name a file."),
            ErrorEntry(
                "too-many-links", cause: "A path leads through more symlinks than Linux follows.",
                cure: "Mend the links in the image."),
            ErrorEntry(
                "image-read", cause: "The image cannot be read from disk.",
                cure: "The message has the kernel’s reason; check the disk."),
            ErrorEntry(
                "unpack-create", cause: "A file or folder cannot be made where the image is unpacked.",
                cure: "The message has the kernel’s reason; choose another folder."),
            ErrorEntry(
                "unpack-write", cause: "A file cannot be written where the image is unpacked.",
                cure: "Free some space, or choose another folder."),
            ErrorEntry(
                "unpack-attributes", cause: "Mode, owner or time of a file cannot be set.",
                cure: "Unpack as yourself: not every root may give files away, and some file systems keep no owners."),
            ErrorEntry(
                "no-space", cause: "The file system has too little room for the tree.",
                cure: "The message says how much is needed; free some, or choose another folder."),
            ErrorEntry(
                "no-leases", cause: "The kernel cannot keep others from a file until its bytes are there.",
                cure: "Unpack to another file system; tmpfs, ext4 and xfs can."),
            ErrorEntry(
                "unpack-too-slow", cause: "A file’s bytes came later than the kernel keeps others waiting.",
                cure: "Unpack to a faster disk."),
            ErrorEntry(
                "unpacks-too-large",
                cause: "More comes out of the image than it was said to hold, or than is ever looked into.",
                cure: damagedImage),
            ErrorEntry(
                "folder-exists", cause: "‘unpack’ was told a folder that is there already.",
                cure: "Name a folder that does not exist yet; unpack makes it."),
        ])

    /// What to do about an image that contradicts itself, in whatever way.
    private static let damagedImage = "The image is damaged or forged: build or copy it again."
}
