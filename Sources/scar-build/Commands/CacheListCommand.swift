internal import ArgumentParser
internal import Glibc
internal import JSON
internal import Toolchain

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
