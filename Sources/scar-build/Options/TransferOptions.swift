internal import ArgumentParser

/// How files go to a bucket and come from one.
struct TransferOptions: ParsableArguments {
    @Option(help: ArgumentHelp("How many files are under way at a time.", valueName: "n"))
    var jobs = 8

    @Flag(name: .shortAndLong, help: "Say nothing but errors.")
    var quiet = false

    func validate() throws {
        guard (1...100).contains(jobs) else { throw ValidationError("--jobs takes a number from 1 to 100.") }
    }
}
