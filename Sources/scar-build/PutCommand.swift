internal import ArgumentParser
internal import AWS
internal import ByteKit
internal import Glibc
internal import Publisher
internal import Toolchain

struct PutCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "put", abstract: "Store files in a bucket.",
        discussion: "A folder's files keep their paths below it. Several go at a time, large ones in parts.")

    @Argument(help: ArgumentHelp("s3://BUCKET/FOLDER.", valueName: "bucket/folder"))
    var target: String

    @Argument(help: ArgumentHelp("Files and folders.", valueName: "file"), completion: .file())
    var files: [String]

    @Option(help: ArgumentHelp("How many files are under way at a time.", valueName: "n"))
    var jobs = 8

    @Flag(name: .shortAndLong, help: "Say nothing but errors.")
    var quiet = false

    @OptionGroup var account: AccountOptions

    func validate() throws {
        guard (1...100).contains(jobs) else { throw ValidationError("--jobs takes a number from 1 to 100.") }
    }

    func run() throws {
        let place = try StoragePath(target)
        var found: [(path: String, name: String)] = []
        for path in files { try Self.collect(path, &found) }
        let s3 = S3API(try AWSClient.overNetwork(profile: account.profile, region: account.region))
        let (items, bar, total) = (found, ProgressBar("put", isQuiet: quiet), Monitor(0))
        let size = try items.reduce(0) { $0 + (try InputFile($1.path).size) }
        _ = try Parallel.map(items.count, width: jobs) { index throws(AWSError) in
            try s3.upload(items[index].path, to: place.bucket, place.prefix + items[index].name) { count in
                let done = total.withLock { total -> Int in
                    total += count
                    return total
                }
                bar.show(done, of: size)
            }
        }
        bar.end()
        for item in items { try StandardOutput.line("s3://\(place.bucket)/\(place.prefix)\(item.name)") }
    }

    private static func collect(_ path: String, _ found: inout [(path: String, name: String)]) throws {
        guard isFolder(path) else {
            return found.append((path, path.split(separator: "/").last.map(String.init) ?? path))
        }
        try collect(path, below: "", &found)
    }

    private static func collect(
        _ root: String, below folder: String, _ found: inout [(path: String, name: String)]
    ) throws {
        for name in try Folder.names(in: "\(root)/\(folder)") {
            let relative = folder.isEmpty ? name : "\(folder)/\(name)"
            if isFolder("\(root)/\(relative)") {
                try collect(root, below: relative, &found)
            } else {
                found.append(("\(root)/\(relative)", relative))
            }
        }
    }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}

struct GetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Bring files of a bucket here.",
        discussion: "Every object below the folder, under its path there. What was cut off is gone on with.")

    @Argument(help: ArgumentHelp("s3://BUCKET/FOLDER, or one object.", valueName: "bucket/folder"))
    var source: String

    @Argument(help: ArgumentHelp("The folder to put them into.", valueName: "dir"), completion: .directory)
    var folder = "."

    @Option(help: ArgumentHelp("How many files are under way at a time.", valueName: "n"))
    var jobs = 8

    @Flag(name: .shortAndLong, help: "Say nothing but errors.")
    var quiet = false

    @OptionGroup var account: AccountOptions

    func validate() throws {
        guard (1...100).contains(jobs) else { throw ValidationError("--jobs takes a number from 1 to 100.") }
    }

    func run() throws {
        let place = try StoragePath(source)
        let s3 = S3API(try AWSClient.overNetwork(profile: account.profile, region: account.region))
        var objects: [(object: S3API.Object, path: String)] = []
        for object in try s3.objects(place.bucket, prefix: place.folder) where !object.key.hasSuffix("/") {
            if object.key == place.folder {
                objects.append((object, object.key.split(separator: "/").last.map(String.init) ?? object.key))
            } else if object.key.utf8.starts(with: place.prefix.utf8) {
                let rest = object.key.utf8.dropFirst(place.prefix.utf8.count)
                objects.append((object, String(decoding: rest, as: UTF8.self)))
            }
        }
        guard !objects.isEmpty else { throw ToolError("not-found", "there is nothing below \(source)") }
        for item in objects { try Self.check(item.path) }
        let (items, bar, total) = (objects, ProgressBar("get", isQuiet: quiet), Monitor(0))
        let size = items.reduce(0) { $0 + $1.object.size }
        let root = folder
        _ = try Parallel.map(items.count, width: jobs) { index throws(AWSError) in
            let (object, path) = items[index]
            let target = "\(root)/\(path)"
            do throws(FileError) {
                if let slash = target.lastIndex(of: "/") { try Folder.create(String(target[..<slash])) }
            } catch {
                throw AWSError(.configuration, error.diagnostic.message, hint: error.diagnostic.hint)
            }
            try s3.download(object, from: place.bucket, to: target) { count in
                let done = total.withLock { total -> Int in
                    total += count
                    return total
                }
                bar.show(done, of: size)
            }
        }
        bar.end()
        for item in items { try StandardOutput.line("\(root)/\(item.path)") }
    }

    /// A key is anybody's text: it must not lead out of the folder.
    private static func check(_ path: String) throws {
        let names = path.split(separator: "/", omittingEmptySubsequences: false)
        guard !names.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }), !path.utf8.contains(0) else {
            throw ToolError(
                "strange-key", "the object ‘\(path)’ has a name that no file below a folder can have",
                hint: "get it alone, with the aws command line")
        }
    }
}
