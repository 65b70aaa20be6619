internal import ArgumentParser
internal import ByteKit
internal import Glibc
internal import JSON
internal import Recipe
internal import Toolchain

struct CacheCleanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc", abstract: "Free room in the cache.",
        discussion: """
            Removes what is beyond the limits, the longest unused first. Without limits, it removes what is left of \
            interrupted downloads, and compiled layers of other versions. Builds that use the cache are waited for; what \
            they need later is fetched or made again.
            """)

    @OptionGroup var place: CacheOption

    @Option(help: ArgumentHelp("How large the cache may be: 10GB, 500MiB.", valueName: "size"))
    var maxSize: String?

    @Option(help: ArgumentHelp("How long a file may be unused: 30d, 12h, 90m.", valueName: "age"))
    var olderThan: TimeLength?

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        var limits = CacheContents.Limits()
        if let maxSize {
            guard let size = ByteSize.parse(maxSize) else {
                throw ValidationError("--max-size takes a size such as 10GB or 500MiB, not ‘\(maxSize)’.")
            }
            limits.size = size
        }
        limits.age = olderThan?.seconds
        let root = try place.folder()
        let reporter = TerminalReporter(isQuiet: false)
        let (removed, left) = try CacheContents.clean(root, limits, now: time(nil)) {
            reporter.handler(.warning("waiting for a build that uses the cache"))
        }
        let freed = removed.reduce(0) { $0 + $1.size }
        if json {
            let record = JSON.object([
                ("removed", .array(removed.map(\.json))), ("freed", .integer(freed)), ("size", .integer(left.size)),
            ])
            try StandardOutput.write(record.text(pretty: true))
        } else {
            try StandardOutput.line(
                "removed \(removed.count) files, \(ByteCount.text(freed)); \(ByteCount.text(left.size)) are left")
        }
    }
}
