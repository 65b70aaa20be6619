internal import AWS
internal import ByteKit
internal import JSON
internal import Publisher
internal import Recipe

/// The events that files in the function's buckets would cause.
extension LocalRun {
    func events(for work: Work) throws -> [[UInt8]] {
        switch work {
        case .event(let event): return [event]
        case .inputs(let files):
            guard let channel = recipe.inputs.first else {
                throw ToolError(
                    "no-input", "‘\(recipe.name)’ has no ‘input’, so there is no place for --input files",
                    hint: "give the function an event with --event", exitCode: .usage)
            }
            let names = files.map(Self.name)
            guard Set(names).count == names.count else {
                throw ToolError(
                    "same-name", "two --input files have the same name, and a bucket has each name once",
                    hint: "run the function on one of them at a time", exitCode: .usage)
            }
            return try files.map { try place($0, in: channel) }
        }
    }

    /// Copies a file to where the function's input bucket would have it, and makes the event S3 would send.
    private func place(_ file: String, in channel: Recipe.Storage) throws -> [UInt8] {
        let name = Self.name(of: file)
        let path = channel.path.split(separator: "/").map(String.init)
        let folder = ([buckets] + path).joined(separator: "/")
        try Folder.create(folder)
        let source = try InputFile(file)
        var copy = try OutputFile("\(folder)/\(name)")
        try copy.append(from: source, offset: 0, length: source.size)
        try copy.finish()
        let key = (path.dropFirst() + [name]).joined(separator: "/")
        let bucket = path.first ?? ""
        return StorageEvent.json(
            bucket: bucket, arn: "arn:aws:s3:::\(bucket)", S3API.Object(key: key, size: source.size, etag: ""),
            region: "us-east-1", time: 0, configuration: "scar-build:run"
        ).text()
    }

    private static func name(of file: String) -> String { file.split(separator: "/").last.map(String.init) ?? file }
}
