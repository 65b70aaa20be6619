extension ErrorCatalogue {
    /// Types in a function's log and answers.
    static let function = ErrorChapter(
        "In the function",
        [
            ErrorEntry(
                "Launch.Missing", cause: "The package has no launch.json.", cure: "Build and publish the package again."
            ),
            ErrorEntry(
                "Launch.Invalid", cause: "The package’s launch.json cannot be understood by its supervisor.",
                cure: "Build and publish the package again, with one version of scar-build."),
            ErrorEntry(
                "Launch.NoFolder",
                cause:
                    "The image’s working folder is missing and cannot be made; the program runs in its own folder instead.",
                cure: "Mend WORKDIR in the image, or keep the folder with ‘prune.keep’."),
            ErrorEntry(
                "Artifact.Failed", cause: "The image’s tree cannot be put into /tmp.",
                cure: "The message has the kernel’s reason."),
            ErrorEntry(
                "Artifact.NoSpace", cause: "/tmp is too small for the image’s tree.",
                cure: "Raise ‘function.ephemeralStorage’, or drop folders with ‘prune.drop’."),
            ErrorEntry(
                "Artifact.Unreadable", cause: "The image in the package is damaged or cannot be opened.",
                cure: "Build and publish the package again."),
            ErrorEntry(
                "Script.NotFound",
                cause: "The script or command is not there, or its first line names no interpreter that is.",
                cure: "Check ‘script’ and ‘command’, and keep the interpreter with ‘prune.keep’."),
            ErrorEntry(
                "Script.NotStarted", cause: "The kernel would not start the program.",
                cure: "Check that it may be run, and that it is for the function’s processor."),
            ErrorEntry(
                "Script.ExitCode", cause: "The program ended with another exit code than 0.",
                cure: "Its own output in the log says why; run it here with ‘scar-build run’."),
            ErrorEntry(
                "Script.Signal", cause: "The program was ended by a signal; 9 is mostly a lack of memory.",
                cure: "Raise ‘function.memory’, and run it here with ‘scar-build run’."),
            ErrorEntry(
                "Script.Timeout", cause: "The program did not end within the function’s time.",
                cure: "Raise ‘function.timeout’, or hand long events to AWS Batch (docs/batch.md)."),
            ErrorEntry(
                "Script.NoOutput",
                cause: "The program left no file in $TMP_OUTPUT_DIR, and ‘calls.requireOutput’ wants one.",
                cure: "Write results to $TMP_OUTPUT_DIR, or leave the key out."),
            ErrorEntry(
                "Event.Malformed", cause: "The event is not of the form that it says it is.",
                cure: "Compare it with docs/programming-model.md."),
            ErrorEntry(
                "Event.BadBase64", cause: "The event says that a part of it is base64, and it is not.",
                cure: "Encode it again, without line breaks in the alphabet of RFC 4648."),
            ErrorEntry(
                "Function.ResponseSizeTooLarge", cause: "The answer is larger than Lambda takes (6 MB).",
                cure: "Store it as a file, or stream it: docs/http.md."),
            ErrorEntry(
                "Response.NoHead", cause: "$RESPONSE_HEADERS_FILE cannot be read; the answer goes without its fields.",
                cure: "Leave the file readable when the program ends."),
            ErrorEntry(
                "Staging.Failed", cause: "An input or output file cannot be read or written in /tmp.",
                cure: "The message has the kernel’s reason."),
            ErrorEntry(
                "Staging.NoSpace", cause: "/tmp is too small for an input or output file.",
                cure: "Raise ‘function.ephemeralStorage’."),
            ErrorEntry(
                "Storage.BadKey", cause: "An object’s or bucket’s name cannot be used.",
                cure: "Rename it: no empty parts, no ‘.’, no ‘..’."),
            ErrorEntry(
                "Storage.Credentials", cause: "The function has no credentials for the storage.",
                cure: "Give it a role, or the variables that docs/storage.md names."),
            ErrorEntry(
                "Storage.Damaged", cause: "An object arrived with other bytes than its checksum is of.",
                cure: "Call the function again; if it stays, upload the object again."),
            ErrorEntry(
                "Storage.Denied", cause: "The storage says no.",
                cure: "Let the function’s role read the input and write the output; docs/publish.md lists the rights."),
            ErrorEntry(
                "Storage.NotFound", cause: "The object or bucket is not there any more.",
                cure: "Check what the event names; the file may have been removed meanwhile."),
            ErrorEntry(
                "Storage.ReadFailed", cause: "An object could not be fetched.",
                cure: "The message has the storage’s words; call the function again."),
            ErrorEntry(
                "Storage.WriteFailed", cause: "An object could not be stored.",
                cure: "The message has the storage’s words; call the function again."),
            ErrorEntry(
                "Storage.Timeout", cause: "The storage took longer than the function has.",
                cure: "Raise ‘function.timeout’."),
            ErrorEntry(
                "Storage.Unavailable", cause: "The storage’s address or region cannot be used.",
                cure: "Check ‘storages’ in the recipe."),
            ErrorEntry(
                "Storage.Unsupported", cause: "The function has no storage of this name, or it cannot do this.",
                cure: "Check ‘storages’ in the recipe."),
            ErrorEntry(
                "Worker.Ended", cause: "The worker that ran the script ended with it.",
                cure: "The log has its output; set ‘reuse’ to false to have a process for each event."),
            ErrorEntry(
                "Worker.Confused", cause: "The script wrote into the pipe that belongs to its worker.",
                cure: "Leave descriptors alone that the script did not open, or set ‘reuse’ to false."),
            ErrorEntry(
                "Batch.Malformed", cause: "A job’s variables or event do not fit together.",
                cure: "Submit jobs through the function; docs/batch.md has the form."),
            ErrorEntry(
                "Batch.SubmitFailed", cause: "AWS Batch did not take the job.",
                cure: "The message has its words; let the function’s role call batch:SubmitJob."),
            ErrorEntry(
                "Batch.TooLong", cause: "The event is too long for a job’s environment.",
                cure: "Name a place for it with ‘batch.events’."),
            ErrorEntry(
                "Batch.TooMany", cause: "The event has more objects than an array job has children.",
                cure: "Send fewer objects in one event."),
            ErrorEntry(
                "Batch.Unavailable", cause: "The address of AWS Batch cannot be used.",
                cure: "Check AWS_ENDPOINT_URL_BATCH and AWS_ENDPOINT_URL."),
            ErrorEntry(
                "Runtime.ExitError",
                cause:
                    "In ‘run’ and ‘test’, as on Lambda: the supervisor ended, mostly because the function used more than its memory.",
                cure: "Raise ‘function.memory’."),
            ErrorEntry(
                "Sandbox.Timedout", cause: "In ‘run’ and ‘test’, as on Lambda: the time was over.",
                cure: "Raise ‘function.timeout’."),
        ])
}
