internal import ByteKit
internal import JSON
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
        return Self.event(bucket: path.first ?? "", key: key, size: source.size).text()
    }

    private static func name(of file: String) -> String { file.split(separator: "/").last.map(String.init) ?? file }

    /// An S3 notification. Amazon S3 User Guide, "Event message structure".
    private static func event(bucket: String, key: String, size: Int) -> JSON {
        .object([
            (
                "Records",
                .array([
                    .object([
                        ("eventVersion", .string("2.1")), ("eventSource", .string("aws:s3")),
                        ("awsRegion", .string("us-east-1")), ("eventTime", .string("1970-01-01T00:00:00.000Z")),
                        ("eventName", .string("ObjectCreated:Put")),
                        (
                            "s3",
                            .object([
                                ("s3SchemaVersion", .string("1.0")),
                                (
                                    "bucket",
                                    .object([("name", .string(bucket)), ("arn", .string("arn:aws:s3:::\(bucket)"))])
                                ),
                                ("object", .object([("key", .string(formEncoded(key))), ("size", .integer(size))])),
                            ])
                        ),
                    ])
                ])
            )
        ])
    }

    /// As S3 writes keys into events: a space is a plus, and what is not unreserved is a percent escape.
    private static func formEncoded(_ key: String) -> String {
        var text = ""
        for byte in key.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "/"), UInt8(ascii: "*"):
                text.unicodeScalars.append(Unicode.Scalar(byte))
            case UInt8(ascii: " "): text += "+"
            default: text += "%" + hexadecimal([byte]).uppercased()
            }
        }
        return text
    }
}
