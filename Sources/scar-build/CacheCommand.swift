internal import ArgumentParser
internal import ByteKit
internal import Glibc
internal import JSON
internal import Recipe
internal import Toolchain

struct CacheCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache", abstract: "Look into the cache, or clean it up.",
        subcommands: [CacheListCommand.self, CacheCleanCommand.self])
}

struct CacheListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "List what the cache holds.",
        discussion:
            "For each file its kind, size, time since a build last made use of it, and name. The longest unused comes first."
    )

    @OptionGroup var place: CacheOption

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let contents = try CacheContents(try place.folder())
        if json {
            try StandardOutput.write(contents.json.text(pretty: true))
        } else {
            try StandardOutput.line(contents.text(now: time(nil)))
        }
    }
}

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
    var olderThan: String?

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
        if let olderThan {
            guard let age = Self.seconds(olderThan) else {
                throw ValidationError("--older-than takes an age such as 30d, 12h or 90m, not ‘\(olderThan)’.")
            }
            limits.age = age
        }
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

    /// A number of days, hours, minutes or seconds; nil for anything else.
    private static func seconds(_ text: String) -> Int? {
        let units: [Character: Int] = ["d": 86_400, "h": 3600, "m": 60, "s": 1]
        guard let last = text.last, let unit = units[last], let number = Int(text.dropLast()),
            (0...1_000_000).contains(number), text.first != "+"
        else { return nil }
        return number * unit
    }
}
