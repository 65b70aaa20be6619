extension ErrorCatalogue {
    /// What a recipe, a lock file or an argument says.
    static let recipe = ErrorChapter(
        "Recipes, locks and names",
        [
            ErrorEntry(
                "recipe-syntax", cause: "The recipe is not JSON, or a function file is not YAML.",
                cure:
                    "Mend it at the line and column that the message names. Editors check recipes against docs/recipe.schema.json."
            ),
            ErrorEntry(
                "unknown-key", cause: "The recipe has a key that no recipe has.",
                cure:
                    "Correct its name; the message suggests one when it is close to another. docs/recipe.md lists all keys."
            ),
            ErrorEntry(
                "duplicate-key",
                cause: "A key stands twice in the same object, so one of its values would be passed over.",
                cure: "Remove one of the two."),
            ErrorEntry(
                "missing-key", cause: "A key that must be there is not.",
                cure: "Add it; docs/recipe.md says which keys are required."),
            ErrorEntry(
                "wrong-type",
                cause: "A value is of another kind than the key takes, such as a text where a number must be.",
                cure: "Write the value as docs/recipe.md says."),
            ErrorEntry(
                "out-of-range", cause: "A number, size or list is smaller or larger than the key allows.",
                cure: "Choose a value within the range that the message names."),
            ErrorEntry(
                "malformed-value",
                cause:
                    "A text does not have the form that the key needs, such as a path with ‘..’ or a name with spaces.",
                cure: "Write it in the form that the message describes."),
            ErrorEntry(
                "unknown-value", cause: "A key has a fixed list of values, and this is none of them.",
                cure: "Take one of those that the message lists."),
            ErrorEntry(
                "not-in-this-version",
                cause: "The key, value or target is designed, and this version does not serve it.",
                cure:
                    "Leave it out, or take what the message offers instead. The README lists what is not in this version."
            ),
            ErrorEntry(
                "conflicting-keys", cause: "Two keys say what cannot both be.",
                cure: "Keep one of them; the message names both."),
            ErrorEntry(
                "path-outside-recipe",
                cause:
                    "A file that the recipe names lies outside the recipe’s folder, or is reached by a link that leads out.",
                cure:
                    "Move or copy the file below the recipe’s folder. Recipes are self-contained, so that they build anywhere."
            ),
            ErrorEntry(
                "stale-lock", cause: "The lock file was made for another image or platform than the recipe names now.",
                cure: "Run ‘scar-build lock RECIPE’ to pin what the recipe names now, and look at the difference."),
            ErrorEntry(
                "unsupported-lock", cause: "The lock file has a form that this version does not read.",
                cure: "Run ‘scar-build lock RECIPE’ again, or use the version that wrote it."),
            ErrorEntry(
                "no-lock", cause: "‘--locked’ was given, and the recipe has no lock file.",
                cure: "Run ‘scar-build lock RECIPE’ and keep the file beside the recipe."),
            ErrorEntry(
                "layout-version", cause: "The lock was made by a version that writes other bytes from the same input.",
                cure: "Run ‘scar-build lock RECIPE’, or build with the version that made the lock."),
            ErrorEntry(
                "malformed-reference", cause: "A text is not the name of an image.",
                cure: "Write it as [REGISTRY/]NAME[:TAG][@sha256:DIGEST], such as debian:12."),
            ErrorEntry(
                "malformed-platform", cause: "A text is not the name of a platform.",
                cure: "Write it as linux/amd64 or linux/arm64."),
            ErrorEntry(
                "malformed-image", cause: "The value of ‘image’ names neither an image of a registry nor a local one.",
                cure: "Write a name as for docker pull, or oci:FOLDER[:TAG], docker-archive:FILE, tar:FILE or tar:-."),
            ErrorEntry(
                "malformed-digest", cause: "A text is not a digest.",
                cure: "A digest is sha256: and 64 lower-case hexadecimal digits."),
            ErrorEntry(
                "unsupported-digest", cause: "A digest is of another kind than SHA-256.",
                cure: "Use an image whose digests are sha256; registries and build tools make these by default."),
            ErrorEntry(
                "file-exists", cause: "‘init’ would overwrite a file.",
                cure: "Name another file with -o, or say --force."),
            ErrorEntry(
                "usage",
                cause:
                    "The command line and the recipe do not fit together, such as a function that the recipe does not have.",
                cure: "Read the message, and ‘scar-build COMMAND --help’."),
            ErrorEntry(
                "unknown-code", cause: "‘explain’ was asked for a code that no error has.",
                cure: "‘scar-build explain’ lists all codes."),
            ErrorEntry(
                "target-conflict", cause: "The target and ‘artifact.format’ contradict each other.",
                cure: "Leave ‘artifact.format’ out, or choose the target that goes with it."),
            ErrorEntry(
                "gate-syntax", cause: "A rule of --gate or --gate-file cannot be read.",
                cure: "Write rules as FIGURE, a comparison and a limit: efficiency>=0.95, wasted<=20MiB, secrets=0."),
            ErrorEntry(
                "no-input", cause: "‘run --input’ was given for a function that reads no files.",
                cure: "Give the function an event with --event, or add ‘input’ to the recipe."),
            ErrorEntry(
                "same-name", cause: "Two files would have the same name in one bucket or folder.",
                cure: "Rename one, or run the function on one of them at a time."),
        ])
}
