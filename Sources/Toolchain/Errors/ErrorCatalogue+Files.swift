extension ErrorCatalogue {
    /// The kernel's refusals.
    static let files = ErrorChapter(
        "Files of this machine",
        [
            ErrorEntry(
                "file",
                cause:
                    "A file of this machine could not be used; the error itself says how, with one of the codes below.",
                cure: "The message names the file and the kernel’s reason."),
            ErrorEntry(
                "disk-full", cause: "A file system or a quota is full.",
                cure: "Free some space (‘scar-build cache gc’), or point --cache or -o at another file system."),
            ErrorEntry(
                "file-open", cause: "A file or folder cannot be opened.",
                cure: "Check that it is there, and its permissions."),
            ErrorEntry(
                "file-read", cause: "A file cannot be read, or ended too early, or is larger than such a file may be.",
                cure: "Check the file; the message has the kernel’s reason."),
            ErrorEntry(
                "file-create", cause: "A file or folder cannot be made.",
                cure: "Check the permissions of the folder, or choose another with --cache or -o."),
            ErrorEntry(
                "file-write", cause: "A file cannot be written.",
                cure: "The message has the kernel’s reason; choose another place with --cache or -o."),
            ErrorEntry(
                "file-finish", cause: "Mode, owner or time of a file cannot be set.",
                cure: "Choose a folder on a file system that keeps them, such as ext4 or tmpfs."),
            ErrorEntry(
                "file-watch", cause: "A folder cannot be watched while a recipe’s tests are traced.",
                cure: "The message has the kernel’s reason; raise fs.inotify.max_user_instances."),
            ErrorEntry(
                "file-rename", cause: "A finished file cannot be put in its place.",
                cure: "Check the permissions of the folder; it must be on one file system."),
            ErrorEntry("file-remove", cause: "A file cannot be removed.", cure: "Check the permissions of the folder."),
            ErrorEntry(
                "file-start", cause: "A program or thread cannot be started.",
                cure: "Check that the program is there and may be run, and the limit of processes (ulimit -u)."),
            ErrorEntry(
                "file-run", cause: "A credential helper cannot be run.",
                cure: "Install docker-credential-NAME on the PATH, or remove it from the login file."),
            ErrorEntry(
                "file-limit", cause: "A limit of a process cannot be set.",
                cure: "Run with the usual limits (ulimit -a)."),
            ErrorEntry(
                "file-listen-on", cause: "The address of ‘run --serve’ cannot be listened on.",
                cure: "Choose a free port, and an address of this machine."),
            ErrorEntry(
                "cache-lock", cause: "The cache cannot be locked, so builds that use it would not be noticed.",
                cure: "See that no build runs, and remove the folder instead."),
            ErrorEntry(
                "cancelled", cause: "The command was stopped with Ctrl-C or a signal.",
                cure: "Run it again: nothing half done is left, and downloads go on where they were."),
            ErrorEntry(
                "stopped",
                cause:
                    "A transfer was given up because what came of it was not wanted any more; another error says why.",
                cure: "Look at the other error."),
        ])
}
