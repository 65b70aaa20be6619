extension ErrorCatalogue {
    /// Compiling and linking.
    static let layers = ErrorChapter(
        "Layers and trees",
        [
            ErrorEntry(
                "layer-damaged-compression", cause: "A layer cannot be decompressed.",
                cure: "The image is damaged where it came from: push or save it again."),
            ErrorEntry(
                "layer-damaged-tar", cause: "A layer is not a sound tar archive.",
                cure: "The image is damaged where it came from: push or save it again."),
            ErrorEntry(
                "layer-unsupported-tar", cause: "A layer has an entry of a kind that cannot be read.",
                cure: "The message names it; build the image again with a current tool."),
            ErrorEntry(
                "layer-bad-name",
                cause: "A name in a layer is absolute, climbs out with ‘..’, or is longer than Linux takes.",
                cure: "Do not trust the image; build it again with a current tool."),
            ErrorEntry(
                "layer-bad-whiteout", cause: "A whiteout (.wh.) names nothing, or something lies below one.",
                cure: "Build the image again with a current tool."),
            ErrorEntry(
                "layer-hard-link-target", cause: "A hard link’s target is not in the image, or is no file.",
                cure: "Build the image again with a current tool."),
            ErrorEntry(
                "layer-symlink-loop", cause: "Symlinks on the way to a path lead in a circle.",
                cure: "Mend the link that the message names in the image’s Dockerfile."),
            ErrorEntry(
                "layer-too-large",
                cause: "A layer has more entries, longer names or larger files than any image should.",
                cure: "If the image is right, split the layer; else do not trust it."),
            ErrorEntry(
                "layer-diff-id-mismatch", cause: "A layer unpacks to other bytes than the image’s config says.",
                cure: "The image is damaged or forged where it came from: push it again."),
            ErrorEntry(
                "layer-digest-mismatch", cause: "A layer’s bytes are not those of its digest.",
                cure: "Run the command again; if it stays, the registry or mirror serves damaged content."),
            ErrorEntry(
                "layer-object-damaged", cause: "A compiled layer in the cache is damaged.",
                cure: "Run the command again: it is compiled anew. If it comes back, check the disk."),
            ErrorEntry(
                "compressor-failed",
                cause: "A compression library refused, for want of memory or because it has no such level.",
                cure: "Check ‘artifact.level’; give the build more memory, or fewer threads with --jobs."),
            ErrorEntry(
                "squashfs-limit", cause: "The tree has more than a squashfs image can hold.",
                cure: "Drop folders with ‘prune.drop’."),
            ErrorEntry(
                "malformed-elf", cause: "A file that begins as a program is damaged.",
                cure: "It is left as it is; nothing needs to be done unless the function starts it."),
            ErrorEntry(
                "foreign-elf", cause: "A program is for a processor that is not known here.",
                cure: "It is left as it is; nothing needs to be done unless the function starts it."),
            ErrorEntry(
                "library-missing", cause: "A program that the function starts needs libraries which the image lacks.",
                cure: "Install them in the image; or, when pruning took them, name them in ‘prune.keep’."),
            ErrorEntry(
                "over-budget", cause: "The result is larger than the recipe’s ‘budget’ allows.",
                cure: "The message names the largest folders: drop some with ‘prune.drop’, or raise the budget."),
            ErrorEntry(
                "over-limit",
                cause: "The package is larger than AWS Lambda takes in this form, or has too many layers.",
                cure: "Drop folders with ‘prune.drop’, or build with --target auto or image."),
        ])
}
