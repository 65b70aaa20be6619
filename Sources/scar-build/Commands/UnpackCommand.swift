internal import ArgumentParser
internal import Toolchain

struct UnpackCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unpack", abstract: "Unpack a squashfs image into a new folder.",
        discussion: """
            Takes images of ours and others': squashfs 4.0 with zstd, gzip, xz, lz4 or no compression. As root, files \
            get the owners that the image names; otherwise they are yours, and devices are left out.
            """)

    @Argument(help: "The squashfs image.", completion: .file(extensions: ["squashfs", "sqfs"]))
    var image: String

    @Argument(help: "The folder to make.", completion: .directory)
    var dir: String

    @Option(help: ArgumentHelp("How many threads work; by default one on each processor.", valueName: "n"))
    var jobs: Int?

    @Flag(name: .shortAndLong, help: "Say nothing but errors.")
    var quiet = false

    func validate() throws {
        if let jobs, !(1...1024).contains(jobs) { throw ValidationError("--jobs takes a number from 1 to 1024.") }
    }

    func run() throws {
        let reporter = TerminalReporter(isQuiet: quiet)
        try ArtifactUnpacker(jobs: jobs, progress: reporter.handler).unpack(image, into: dir)
    }
}
