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

    @OptionGroup var transfer: TransferOptions
    @OptionGroup var account: AccountOptions

    func run() throws {
        let place = try StoragePath(target)
        var found: [(path: String, name: String)] = []
        for path in files { try Self.collect(path, &found) }
        try Self.check(found, place)
        let s3 = S3API(try AWSClient.overNetwork(profile: account.profile, region: account.region))
        let (items, bar, total) = (found, ProgressBar("put", isQuiet: transfer.quiet), Monitor(0))
        let size = try items.reduce(0) { $0 + (try InputFile($1.path).size) }
        _ = try Parallel.map(items.count, width: transfer.jobs) { index throws(AWSError) in
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

    /// Of two files of one name, one would be lost.
    private static func check(_ files: [(path: String, name: String)], _ place: StoragePath) throws {
        var paths: [String: String] = [:]
        for file in files {
            guard let other = paths.updateValue(file.path, forKey: file.name) else { continue }
            throw ToolError(
                "same-name",
                "‘\(other)’ and ‘\(file.path)’ would both be s3://\(place.bucket)/\(place.prefix)\(file.name)",
                hint: "store them in different folders")
        }
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
        try Cancellation.check()
        for name in try Folder.names(in: "\(root)/\(folder)") {
            let relative = folder.isEmpty ? name : "\(folder)/\(name)"
            let path = "\(root)/\(relative)"
            if !isFolder(path) {
                found.append((path, relative))
            } else if isLink(path) {
                // It may lead anywhere, and back here.
                StandardError.write("warning: \(Diagnostic.printable(path)) is a link to a folder, and is left out\n")
            } else {
                try collect(root, below: relative, &found)
            }
        }
    }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private static func isLink(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
    }
}
