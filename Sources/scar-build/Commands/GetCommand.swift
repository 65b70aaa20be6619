internal import ArgumentParser
internal import AWS
internal import ByteKit
internal import Publisher
internal import Toolchain

struct GetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Bring files of a bucket here.",
        discussion: "Every object below the folder, under its path there. What was cut off is gone on with.")

    @Argument(help: ArgumentHelp("s3://BUCKET/FOLDER, or one object.", valueName: "bucket/folder"))
    var source: String

    @Argument(help: ArgumentHelp("The folder to put them into.", valueName: "dir"), completion: .directory)
    var folder = "."

    @OptionGroup var transfer: TransferOptions
    @OptionGroup var account: AccountOptions

    func run() throws {
        let place = try StoragePath(source)
        let s3 = S3API(try AWSClient.overNetwork(profile: account.profile, region: account.region))
        var objects: [(object: S3API.Object, path: String)] = []
        for object in try s3.objects(place.bucket, prefix: place.folder) where !object.key.hasSuffix("/") {
            if let path = try place.localPath(of: object.key) { objects.append((object, path)) }
        }
        guard !objects.isEmpty else { throw ToolError("not-found", "there is nothing below \(source)") }
        let (items, bar, total) = (objects, ProgressBar("get", isQuiet: transfer.quiet), Monitor(0))
        // A listing may say anything: the bar ends at the most that S3 could hold.
        let size = items.reduce(0) { min($0 + $1.object.size, 1 << 60) }
        let root = folder
        _ = try Parallel.map(items.count, width: transfer.jobs) { index throws(AWSError) in
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
}
