extension ErrorCatalogue {
    /// Fetching images.
    static let registry = ErrorChapter(
        "Registries and images",
        [
            ErrorEntry(
                "image-not-found",
                cause: "The registry has no image of this name and tag, or does not show it to strangers.",
                cure: "Check name and tag. If the image is private, log in first: docker login, or podman login."),
            ErrorEntry(
                "login-needed", cause: "The registry wants to know who asks.",
                cure: "Check the name; if the image is private, log in first: docker login, or podman login."),
            ErrorEntry(
                "access-denied", cause: "The registry knows who asks and says no.",
                cure: "Check the name, and what the login may read."),
            ErrorEntry(
                "rate-limited", cause: "The registry has had too many requests from this address or login.",
                cure: "Wait, log in to raise the limit, or name a mirror with SCAR_BUILD_MIRRORS."),
            ErrorEntry(
                "registry-refused", cause: "The registry answered with an error of its own.",
                cure: "Try again later, or use a mirror. The message has the registry’s words."),
            ErrorEntry(
                "registry-unreachable", cause: "No connection to the registry came about.",
                cure: "Check name, network and proxy (HTTPS_PROXY); or name a mirror: --mirror REGISTRY=URL."),
            ErrorEntry(
                "transfer-interrupted", cause: "A transfer broke off, and trying again did not help.",
                cure: "Run the command again: what has arrived is kept, and gone on with."),
            ErrorEntry(
                "insecure-registry",
                cause: "The way to the registry is not protected: plain HTTP, or a redirect to where it may not lead.",
                cure: "Use https. For a registry of your own, say --insecure-registry HOST."),
            ErrorEntry(
                "malformed-login",
                cause: "What gives out logins (a token server, a credential helper) gave what cannot be read.",
                cure: "Log in again; try the credential helper by hand: docker-credential-NAME list."),
            ErrorEntry(
                "malformed-answer",
                cause: "The server answered with what no registry says; often it is a proxy or a login page.",
                cure: "Open the address of the message with curl, and see who answers."),
            ErrorEntry(
                "digest-mismatch",
                cause: "Bytes arrived that are not those whose digest was asked for. They were thrown away.",
                cure: "Run the command again. If it stays, the registry or mirror serves damaged content: ask another."),
            ErrorEntry(
                "size-mismatch", cause: "More or fewer bytes arrived than the manifest says.",
                cure: "Run the command again; if it stays, the registry or mirror serves damaged content."),
            ErrorEntry(
                "refused-image", cause: "The registry’s manifest or config is not one that can be built from.",
                cure: "The message says why. Push the image again with a current tool."),
            ErrorEntry(
                "offline", cause: "The build is offline, and something it needs is not in the cache.",
                cure: "Build once without --offline, with a lock file, to fill the cache."),
            ErrorEntry(
                "malformed-credentials", cause: "A login file (config.json, auth.json) cannot be read.",
                cure: "Mend it, or log in again; the message names the file."),
            ErrorEntry(
                "malformed-mirror", cause: "A mirror is not written as it must be.",
                cure: "Write REGISTRY=URL, such as docker.io=https://mirror.example."),
            ErrorEntry(
                "malformed-policy",
                cause: "SCAR_BUILD_REGISTRIES, the list of registries that may be used, cannot be read.",
                cure:
                    "Write names as docs/registry.md has them: ghcr.io, quay.io/team, *.example.com, and ! before what is forbidden."
            ),
            ErrorEntry(
                "registry-not-allowed", cause: "SCAR_BUILD_REGISTRIES does not name this registry.",
                cure: "Add it to the list, or take the image from one that is on it."),
            ErrorEntry(
                "blob-store", cause: "The cache’s store of blobs cannot be read or written.",
                cure: "Check the cache’s folder with ‘scar-build doctor’, or name another with --cache."),
            ErrorEntry(
                "unreadable-image", cause: "A local image (oci:, docker-archive:, tar:) cannot be read.",
                cure: "The message says what is wrong with it; write the image again."),
            ErrorEntry(
                "changed-image", cause: "A local image is not the one that the lock file pins.",
                cure: "Run ‘scar-build lock RECIPE’ to build from what is there now."),
            ErrorEntry(
                "malformed-document", cause: "A manifest, index or config is not JSON, or lacks what it must have.",
                cure: "Push the image again with a current tool."),
            ErrorEntry(
                "ambiguous-document",
                cause:
                    "A document can be read as two kinds, such as manifest and index (CVE-2021-41190), so it is read as neither.",
                cure: "Push the image again with a current tool; do not trust this one."),
            ErrorEntry(
                "unsupported-schema", cause: "The image is of a manifest schema that registries have given up.",
                cure: "Pull and push it once with a current tool: docker pull, docker push."),
            ErrorEntry(
                "not-an-image",
                cause: "The name leads to something else than a container image, such as a signature or a chart.",
                cure: "Name the image itself."),
            ErrorEntry(
                "unsupported-layer",
                cause: "A layer is of a kind that cannot be read, such as one that is encrypted or held elsewhere.",
                cure: "Use an image whose layers are gzip, zstd or plain tar."),
            ErrorEntry(
                "wrong-platform", cause: "The image is not made for the platform asked for.",
                cure: "Choose another with --platform or ‘platform’; the message lists what there is."),
            ErrorEntry(
                "inconsistent-image", cause: "Manifest and config do not belong together: they count other layers.",
                cure: "Push the image again with a current tool."),
            ErrorEntry(
                "odd-environment",
                cause: "A warning: an entry of the image’s environment is not NAME=value and was left out.",
                cure: "Mend ENV in the image’s Dockerfile when the variable matters."),
            ErrorEntry(
                "odd-working-directory",
                cause: "A warning: the image’s working directory climbs with ‘..’ and was read as the message says.",
                cure: "Mend WORKDIR in the image’s Dockerfile when it matters."),
        ])
}
