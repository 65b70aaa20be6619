extension ErrorCatalogue {
    /// Verifying, lists of packages, signatures.
    static let trust = ErrorChapter(
        "Verifying, bills and signatures",
        [
            ErrorEntry(
                "no-recipe", cause: "‘verify’ found no recipe for the package.",
                cure: "Name it: scar-build verify PACKAGE RECIPE."),
            ErrorEntry(
                "several-recipes", cause: "‘verify’ found several recipes that the package could be built from.",
                cure: "Name the one that you trust: scar-build verify PACKAGE RECIPE."),
            ErrorEntry(
                "not-the-same", cause: "A package is not what its recipe and lock build.",
                cure:
                    "The report above says where it differs and what the likely cause is; do not use it before that is known."
            ),
            ErrorEntry(
                "unverifiable", cause: "The package is a folder, and a folder’s files have no bytes in an order.",
                cure: "Build with --target tar, and verify the archive."),
            ErrorEntry(
                "archive-damaged", cause: "An archive that is compared cannot be read.", cure: "Copy or build it again."
            ),
            ErrorEntry(
                "no-layout", cause: "What --blobs names is no image layout.",
                cure: "‘skopeo copy docker://IMAGE oci:FOLDER’ makes one."),
            ErrorEntry(
                "damaged-layout",
                cause:
                    "A file of an image layout is not what its name or what refers to it says, or is neither index nor manifest where one should be: the layout was changed, or not copied whole, or holds what is not understood.",
                cure: "Copy the image into the layout anew."),
            ErrorEntry(
                "no-image", cause: "What is to be pushed is no image.",
                cure: "Build with --target image or oci, and name that folder."),
            ErrorEntry(
                "no-digest", cause: "What is built is a folder, which has no digest to sign or refer to.",
                cure: "Build with --target tar."),
            ErrorEntry(
                "no-bill", cause: "What is built is a folder, which is not looked into for packages.",
                cure: "Build with --target tar."),
            ErrorEntry(
                "sbom-files", cause: "SPDX 2.3 wants a SHA-1 of every file, which is not made.",
                cure: "Use --format cyclonedx, which takes SHA-256."),
            ErrorEntry(
                "no-signature", cause: "There is no signature beside the package.",
                cure: "Fetch the file that ends in .sig as well; ‘scar-build sign’ makes it, for who has the key."),
            ErrorEntry(
                "wrong-signature", cause: "The signature is of other bytes, or by another key.",
                cure:
                    "Fetch package and signature again, and check that the key is the publisher’s; do not use the package."
            ),
            ErrorEntry(
                "unsigned-folder", cause: "A folder cannot be signed.",
                cure: "Build with --target tar, or sign an image, whose index stands for it."),
            ErrorEntry(
                "rpm-damaged", cause: "RPM’s table of packages in the image cannot be read.",
                cure: "The image’s packages are not listed; its files are. ‘rpm --rebuilddb’ in the image mends it."),
        ])
}
