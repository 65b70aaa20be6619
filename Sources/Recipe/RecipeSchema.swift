internal import JSON

/// The keys of a recipe: the one place that knows them.
///
/// The parser, docs/recipe.schema.json and docs/recipe.md are made from it. AWS's numbers are those of its documents
/// "Lambda quotas", "CreateFunction", "PutRetentionPolicy" and "AWS Batch service quotas".
package enum RecipeSchema {
    /// One function.
    package static var recipe: SchemaObject {
        SchemaObject(
            "a recipe",
            source + contents + [
                SchemaKey(
                    "artifact", .object(artifact), .defaulting(.object(named: [])), "How the pruned image is stored."),
                SchemaKey("target", .choice(targets), .defaulting(.string("auto")), "The form of the package."),
                SchemaKey(
                    "function", .object(function), .defaulting(.object(named: [])),
                    "The Lambda function that is published."),
                SchemaKey(
                    "input", .list(.object(input), count: 0...32), .defaulting(.array([])),
                    "Where new files call the function. Each call gets one file, at $INPUT_FILE_PATH."),
                SchemaKey(
                    "output", .list(.object(output), count: 0...32), .defaulting(.array([])),
                    "Where the files go that the script leaves in $TMP_OUTPUT_DIR. A file goes to every output that "
                        + "takes it."
                ),
                SchemaKey(
                    "storages", .list(.object(storageServer), count: 0...16), .defaulting(.array([])),
                    "Servers that speak S3's protocol, such as MinIO, for inputs and outputs to name. A recipe holds no "
                        + "credentials: it names the variables of the function that do."
                ),
                SchemaKey(
                    "calls", .object(calls), .defaulting(.object(named: [])),
                    "How calls are handled; docs/programming-model.md has the whole."),
                SchemaKey("execution", .choice(executions), .defaulting(.string("lambda")), "Where a call runs."),
                SchemaKey("api", .object(api), "An HTTP endpoint in front of the function."),
                SchemaKey("triggers", .object(triggers), "What calls the function besides `input` and `api`."),
                SchemaKey("batch", .object(batch), "The AWS Batch job, for an `execution` that uses one."),
                SchemaKey(
                    "tests", .list(.object(test), count: 0...256), .defaulting(.array([])),
                    "Calls that are tried on the built package, and what must come out of them."),
            ])
    }

    /// A file with several functions.
    package static var file: SchemaObject {
        SchemaObject(
            "a recipe file",
            [
                SchemaKey(
                    "functions", .list(.object(recipe), count: 1...256), .required,
                    "Several recipes in one file. They are built and published in this order.")
            ])
    }

    // MARK: What goes in

    private static var source: [SchemaKey] {
        [
            SchemaKey("name", .text(.functionName), .required, "The function's name in Lambda, and the package's."),
            SchemaKey(
                "image", .text(.image), .required,
                "The image to build from: a reference (`ubuntu:24.04`), `oci:FOLDER[:TAG]`, `docker-archive:FILE` or "
                    + "`tar:FILE`. Paths are relative to the recipe's folder."),
            SchemaKey(
                "platform", .choice(platforms),
                "Which of the image's platforms. Follows `function.architecture` when absent; without both, "
                    + "linux/amd64."
            ),
            SchemaKey(
                "launcher", .choice(launchers), .defaulting(.string("auto")),
                "What is known of the image's programs: the variables they need, what runs a script without a `#!` line, "
                    + "and what runs it again and again."),
            SchemaKey(
                "reuse", .boolean, .defaulting(.bool(false)),
                "Whether a process that has the script's language loaded waits for the next event. Each event still runs "
                    + "the script from its beginning: in a copy of that process, or as what that process becomes."),
            SchemaKey(
                "asRoot", .boolean, .defaulting(.bool(false)),
                "Whether the image's programs are told that they run as root, for those that insist. Only for forms of "
                    + "package in which the image is not the root of the file system."),
            SchemaKey(
                "script", .text(.path(example: "ffmpeg/frames.sh")),
                "The program that is run for each call, shipped in the package. Relative to the recipe's folder. "
                    + "Without `script` and `command`, the image's own entry point is run."),
            SchemaKey(
                "command", .list(.text(.argument), count: 1...1024),
                "A program of the image and its arguments, run for each call instead of a script."),
            SchemaKey(
                "files", .list(.text(.path(example: "models/small.bin")), count: 0...10_000), .defaulting(.array([])),
                "More files and folders to ship, relative to the recipe's folder. They stand under `files/` in the "
                    + "package."
            ),
            SchemaKey(
                "environment", .map(name: .variable, value: .variableValue, most: 1024),
                .defaulting(.object(named: [])),
                "Variables for the script, on top of the image's own."),
        ]
    }

    private static var contents: [SchemaKey] {
        [
            SchemaKey("prune", .object(prune), .defaulting(.object(named: [])), "What is left out of the image."),
            SchemaKey(
                "budget", .object(budget), .defaulting(.object(named: [])),
                "Sizes that stop the build when they are exceeded."),
        ]
    }

    private static var prune: SchemaObject {
        SchemaObject(
            "‘prune’",
            [
                SchemaKey("profile", .choice(profiles), .defaulting(.string("safe")), "Which set of rules."),
                SchemaKey(
                    "keep", .list(.text(.pattern), count: 0...10_000), .defaulting(.array([])),
                    "Paths that stay, whatever a rule says."),
                SchemaKey(
                    "drop", .list(.text(.pattern), count: 0...10_000), .defaulting(.array([])),
                    "Paths that go, besides the profile's."),
            ])
    }

    private static var budget: SchemaObject {
        let size = SchemaKind.size(1...(1 << 40), powerOfTwo: false)
        return SchemaObject(
            "‘budget’",
            [
                SchemaKey("artifact", size, "The most that the artifact may weigh."),
                SchemaKey("unpacked", size, "The most that the artifact's files may weigh unpacked."),
                SchemaKey("package", size, "The most that the finished package may weigh."),
            ])
    }

    private static var artifact: SchemaObject {
        SchemaObject(
            "‘artifact’",
            [
                SchemaKey(
                    "format", .choice(formats),
                    "What the pruned image is stored as. When absent, the target says it: squashfs for `zip`, and "
                        + "whichever fits for `auto`."),
                SchemaKey(
                    "compression", .choice(compressions),
                    "How it is compressed. When absent, zstd; but gzip for an `oci` target that has no `level` either."
                ),
                SchemaKey(
                    "level", .integer(0...22, unit: "effort"),
                    "How hard: 1 to 22 for zstd (3 when absent), 1 to 12 for gzip (6), 0 to 9 for xz (6), 1 to 12 for "
                        + "lz4 (9; 1 is the fast compressor, the others are LZ4HC's)."),
                SchemaKey(
                    "block", .size((4 << 10)...(1 << 20), powerOfTwo: true),
                    "The squashfs block size, a power of two (128KiB when absent)."),
                SchemaKey(
                    "order", .text(.path(example: "ffmpeg/order.txt")),
                    "A text file of paths in the image, one a line: in a squashfs image their data comes first, in this "
                        + "order. A function that reads these files when it starts, starts sooner."),
                SchemaKey(
                    "clamp", .time(0...Int(UInt32.max)),
                    "The latest time a file may have: later ones become it, older ones stay. `SOURCE_DATE_EPOCH` when "
                        + "absent; without both, times stay as they are."),
            ])
    }

    // MARK: Closed sets

    private static var platforms: [SchemaChoice] {
        [SchemaChoice("linux/amd64", "x86-64"), SchemaChoice("linux/arm64", "64-bit ARM (Graviton)")]
    }

    private static var launchers: [SchemaChoice] {
        [
            SchemaChoice(
                "auto", "the one that the script, the image's command, its variables or its programs speak for"),
            SchemaChoice("generic", "an image of no particular kind"), SchemaChoice("shell", "scripts for `sh`"),
            SchemaChoice("ffmpeg", "FFmpeg"), SchemaChoice("imagemagick", "ImageMagick"),
            SchemaChoice("python", "Python"), SchemaChoice("ruby", "Ruby"), SchemaChoice("r", "R"),
            SchemaChoice("node", "Node.js"), SchemaChoice("java", "Java"), SchemaChoice("perl", "Perl"),
            SchemaChoice("erlang", "Erlang"), SchemaChoice("elixir", "Elixir"),
        ]
    }

    private static var profiles: [SchemaChoice] {
        [
            SchemaChoice("none", "nothing is left out"),
            SchemaChoice(
                "safe",
                "package caches and lists, logs, documentation, headers, static libraries and the like are left out"),
            SchemaChoice(
                "closure",
                "besides, all that nothing leads to from what the function starts; docs/prune.md says what leads where"),
            SchemaChoice(
                "traced",
                "like `closure`, but of languages' libraries and the like only what the recipe's tests opened"),
            SchemaChoice("fit", "the mildest of `safe`, `closure` and `traced` that fits budgets and limits"),
        ]
    }

    private static var formats: [SchemaChoice] {
        [
            SchemaChoice("squashfs", "a SquashFS 4.0 image, which the function unpacks when it starts"),
            SchemaChoice("tree", "the files themselves, for the targets `zip` and `layer`"),
            SchemaChoice("tar", "a tar archive, for the target `tar`"),
        ]
    }

    private static var compressions: [SchemaChoice] {
        [
            SchemaChoice("zstd", "small, and fast to read"), SchemaChoice("gzip", "read by every tool"),
            SchemaChoice("xz", "the smallest, and by far the slowest to make and to read"),
            SchemaChoice("lz4", "the fastest to read, and the largest"), SchemaChoice("none", "as it is"),
        ]
    }

    private static var targets: [SchemaChoice] {
        [
            SchemaChoice("auto", "the cheapest form that fits Lambda's limits: a zip, else an image"),
            SchemaChoice("zip", "a zip package"),
            SchemaChoice("layer", "a Lambda layer with the image's files, and a zip package with the rest"),
            SchemaChoice("image", "a container image for Lambda, as an OCI image layout"),
            SchemaChoice(
                "runtime", "a customer-managed Lambda runtime with the image's files, and a zip package with the rest"),
            SchemaChoice("squashfs", "the artifact alone, as squashfs"),
            SchemaChoice("tar", "the artifact alone, as tar"),
            SchemaChoice("oci", "an OCI image layout with one layer"),
            SchemaChoice("dir", "the image's files, unpacked into a folder"),
        ]
    }

    private static var executions: [SchemaChoice] {
        [
            SchemaChoice("lambda", "in Lambda"),
            SchemaChoice(
                "lambda-batch", "in Lambda, and in AWS Batch when time, memory or room in /tmp did not suffice there"),
            SchemaChoice("batch", "in AWS Batch"),
        ]
    }
}
