internal import ArgumentParser
internal import AWS
internal import ByteKit
internal import JSON
internal import Publisher

struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "List the published functions, or the files of a bucket.",
        discussion: "Without a path it lists the functions of the region; with BUCKET/FOLDER, the files below it.")

    @Argument(help: ArgumentHelp("A bucket, and a folder in it.", valueName: "bucket/folder"))
    var path: String?

    @OptionGroup var account: AccountOptions

    @Flag(help: "Print the list as JSON.")
    var json = false

    func run() throws {
        let session = try account.session()
        if let path { return try files(of: StoragePath(path), session) }
        let functions = try Inventory(session).functions()
        if json {
            let list = functions.map(Self.json)
            return try StandardOutput.write(JSON.object([("functions", .array(list))]).text(pretty: true))
        }
        let rows = functions.map { entry in
            [
                entry.function.name, "\(entry.function.settings.memory) MB", "\(entry.function.settings.timeout) s",
                entry.version ?? "-", entry.function.lastModified, entry.url ?? "-",
            ]
        }
        try StandardOutput.write(Table.text([["NAME", "MEMORY", "TIMEOUT", "VERSION", "MODIFIED", "URL"]] + rows))
    }

    private func files(of path: StoragePath, _ session: Session) throws {
        let objects = try session.s3.objects(path.bucket, prefix: path.prefix)
        if json {
            let list = objects.map { JSON.object([("key", .string($0.key)), ("size", .integer($0.size))]) }
            return try StandardOutput.write(JSON.object([("objects", .array(list))]).text(pretty: true))
        }
        for object in objects { try StandardOutput.line(Diagnostic.printable(object.key)) }
    }

    private static func json(_ entry: Inventory.Entry) -> JSON {
        .object([
            ("name", .string(entry.function.name)), ("memory", .integer(entry.function.settings.memory)),
            ("timeout", .integer(entry.function.settings.timeout)),
            ("version", entry.version.map { .string($0) } ?? .null),
            ("modified", .string(entry.function.lastModified)), ("url", entry.url.map { .string($0) } ?? .null),
        ])
    }
}
