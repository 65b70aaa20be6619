extension ErrorCatalogue {
    /// Packaging, run and test.
    static let package = ErrorChapter(
        "Packages and the output folder",
        [
            ErrorEntry(
                "bad-entry-path", cause: "A path cannot stand in a zip archive.",
                cure: "Rename the file that the message names."),
            ErrorEntry(
                "duplicate-entry", cause: "Two files of the package would have the same path.",
                cure: "Rename one of the ‘files’ or the script."),
            ErrorEntry(
                "not-shippable", cause: "Something among ‘files’ is a device, a socket or a pipe.",
                cure: "Ship files, folders and links only."),
            ErrorEntry(
                "program-missing", cause: "What the function is to start is not in the image.",
                cure: "Check ‘command’ and ‘script’; or, when pruning took it, name it in ‘prune.keep’."),
            ErrorEntry(
                "launch-spec", cause: "What the supervisor is to be told cannot be written down.",
                cure: "The message names the key of the recipe to change."),
            ErrorEntry(
                "unknown-launcher", cause: "The recipe names a launcher that there is not.",
                cure: "Take one of those that the message lists; docs/launchers.md describes them."),
            ErrorEntry(
                "no-worker", cause: "‘reuse’ is on, and the launcher’s language has no worker that can stay loaded.",
                cure: "Leave ‘reuse’ out, or choose another launcher."),
            ErrorEntry(
                "zip-unsupported",
                cause: "An entry of a zip archive is encrypted, or compressed in a way that is not read.",
                cure: "Write the archive again without encryption, deflated or stored."),
            ErrorEntry("zip-damaged", cause: "A zip archive cannot be read.", cure: "Write or copy it again."),
            ErrorEntry(
                "entry-name", cause: "The image has a file whose name cannot stand in the form of package asked for.",
                cure: "Name it in ‘prune.drop’, or build with --target auto."),
            ErrorEntry(
                "no-task-folder",
                cause: "A folder that files of ours must stand below is none in the image: /var, or /var/runtime.",
                cure: "Build with --target zip."),
            ErrorEntry(
                "no-supervisor", cause: "The supervisor’s executable is not where scar-build looks for it.",
                cure:
                    "Install scar-build again, or run ‘make build’ (for arm64, ‘make supervisors’). ‘scar-build doctor’ says what is there."
            ),
            ErrorEntry(
                "no-path-library", cause: "The path library is not where scar-build looks for it.",
                cure: "Install scar-build again, or run ‘make build’. ‘scar-build doctor’ says what is there."),
            ErrorEntry(
                "not-ready", cause: "‘doctor’ found something missing without which nothing can be built.",
                cure: "Do what stands below it in the list."),
            ErrorEntry(
                "output-exists", cause: "A file in the output folder was not made by a build, and is not overwritten.",
                cure: "Move it away, or build into another folder with -o."),
            ErrorEntry(
                "output-in-use", cause: "A folder that would be replaced has something mounted in it.",
                cure: "Unmount it, or build into another folder with -o."),
            ErrorEntry(
                "foreign-processor", cause: "The package is for another processor than this machine’s.",
                cure: "Build it with ‘scar-build build’, and run it on a machine of its kind or on Lambda."),
            ErrorEntry(
                "needs-cage",
                cause:
                    "A container image, and a runtime’s, runs as the root of a cage, and tests that a build traces run in one; and there is none.",
                cure:
                    "Install bubblewrap; run an image in another form with --target zip, without --no-cage; have tests traced by ‘scar-build lock’ where there is a cage, or as you with --no-cage."
            ),
            ErrorEntry(
                "no-cage", cause: "There is no way for bubblewrap to make a cage here.",
                cure:
                    "Install bubblewrap; allow user namespaces (sysctl kernel.unprivileged_userns_clone=1); or run with --no-cage. ‘scar-build doctor’ says more."
            ),
            ErrorEntry(
                "function-failed", cause: "The function ran and failed.",
                cure:
                    "Read its output above, and ‘scar-build explain’ with the type in brackets, such as Script.ExitCode."
            ),
            ErrorEntry(
                "test-failed", cause: "Some of the recipe’s tests do not hold.",
                cure: "Each failed test says what it wanted and what came; run one with ‘scar-build run’."),
            ErrorEntry(
                "no-tests", cause: "The profile ‘traced’ keeps what tests open, and the recipe has none.",
                cure: "Write ‘tests’ into the recipe, or take the profile ‘closure’."),
            ErrorEntry(
                "no-trace", cause: "The lock does not say what the recipe’s tests opened.",
                cure: "Run ‘scar-build lock’, which runs them."),
            ErrorEntry(
                "trace-incomplete", cause: "Tests opened files faster than the kernel keeps events.",
                cure: "Try again, or raise fs.inotify.max_queued_events."),
            ErrorEntry(
                "trace-limit", cause: "The image has more folders than this user may watch.",
                cure: "Raise fs.inotify.max_user_watches, or lock the recipe where it is higher."),
            ErrorEntry(
                "gate-failed", cause: "Some rules of --gate do not hold.",
                cure: "The list above says which, and what the figures are."),
            ErrorEntry(
                "different", cause: "‘diff --exit-code’ found a difference.", cure: "The report above says which."),
        ])
}
