#if !hasFeature(Embedded)
    internal import JSON
#endif

/// What kind of bytes these are, as far as a small table and first bytes tell.
enum MediaType {
    private struct Known {
        let suffix: StaticString
        let type: StaticString
        init(_ suffix: StaticString, _ type: StaticString) {
            self.suffix = suffix
            self.type = type
        }
    }

    /// Where a type has several suffixes, the first is the one that files get.
    private static var table: [Known] {
        [
            Known("txt", "text/plain"), Known("json", "application/json"), Known("html", "text/html"),
            Known("htm", "text/html"), Known("csv", "text/csv"), Known("xml", "application/xml"),
            Known("xml", "text/xml"), Known("css", "text/css"), Known("js", "text/javascript"),
            Known("js", "application/javascript"), Known("md", "text/markdown"), Known("svg", "image/svg+xml"),
            Known("srt", "application/x-subrip"), Known("vtt", "text/vtt"), Known("yaml", "application/yaml"),
            Known("png", "image/png"), Known("jpg", "image/jpeg"), Known("jpeg", "image/jpeg"),
            Known("gif", "image/gif"), Known("webp", "image/webp"), Known("avif", "image/avif"),
            Known("tif", "image/tiff"), Known("tiff", "image/tiff"), Known("bmp", "image/bmp"),
            Known("pdf", "application/pdf"), Known("zip", "application/zip"), Known("gz", "application/gzip"),
            Known("tar", "application/x-tar"), Known("mp4", "video/mp4"), Known("webm", "video/webm"),
            Known("mkv", "video/x-matroska"), Known("avi", "video/x-msvideo"), Known("mov", "video/quicktime"),
            Known("mp3", "audio/mpeg"), Known("wav", "audio/wav"), Known("ogg", "audio/ogg"),
            Known("flac", "audio/flac"), Known("bin", "application/octet-stream"),
        ]
    }

    /// How a file with content of this type may end: `.png`; empty for an unknown type.
    static func suffix(of type: [UInt8]) -> [UInt8] {
        let main = HeaderValue(type).main
        for known in table where main.isEqual(to: known.type) { return [UInt8](".") + [UInt8](known.suffix) }
        return main.ends(with: [UInt8]("+json")) ? [UInt8](".json") : []
    }

    /// The type of a file, by its name and then by its bytes.
    static func type(of bytes: [UInt8], name: [UInt8] = []) -> [UInt8] {
        if let dot = name.lastIndex(of: UInt8(ascii: ".")) {
            let suffix = [UInt8](name[(dot + 1)...]).lowercased
            for known in table where suffix.isEqual(to: known.suffix) {
                return withCharacters([UInt8](known.type), bytes)
            }
        }
        if let type = magic(bytes) { return [UInt8](type) }
        if isObject(bytes) { return [UInt8]("application/json") }
        return withCharacters([UInt8]("text/plain"), bytes)
    }

    /// Texts say in what characters they are; what is no text is not told to be one.
    private static func withCharacters(_ type: [UInt8], _ bytes: [UInt8]) -> [UInt8] {
        guard type.starts(with: [UInt8]("text/")) else { return type }
        guard isValidUTF8(bytes) else {
            return type.isEqual(to: "text/plain") ? [UInt8]("application/octet-stream") : type
        }
        return type + [UInt8]("; charset=utf-8")
    }

    private static func isObject(_ bytes: [UInt8]) -> Bool {
        guard let first = bytes.first, first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else { return false }
        return (try? JSON.parse(bytes, limits: JSONLimits(bytes: 8 << 20, depth: 64, values: 500_000))) != nil
    }

    /// What first bytes say. Formats that many programs write, and no more.
    static func magic(_ bytes: [UInt8]) -> StaticString? {
        func starts(_ beginning: [UInt8], at place: Int = 0) -> Bool {
            bytes.count >= place + beginning.count && bytes[place...].starts(with: beginning)
        }
        if starts([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) { return "image/png" }
        if starts([0xff, 0xd8, 0xff]) { return "image/jpeg" }
        if starts([UInt8]("GIF8")) { return "image/gif" }
        if starts([UInt8]("RIFF")) {
            if starts([UInt8]("WEBP"), at: 8) { return "image/webp" }
            if starts([UInt8]("WAVE"), at: 8) { return "audio/wav" }
        }
        if starts([UInt8]("%PDF-")) { return "application/pdf" }
        if starts([0x50, 0x4b, 3, 4]) { return "application/zip" }
        if starts([0x1f, 0x8b, 8]) { return "application/gzip" }
        if starts([UInt8]("ftyp"), at: 4) { return starts([UInt8]("avif"), at: 8) ? "image/avif" : "video/mp4" }
        if starts([0x1a, 0x45, 0xdf, 0xa3]) { return "video/webm" }
        if starts([UInt8]("OggS")) { return "audio/ogg" }
        if starts([UInt8]("ID3")) { return "audio/mpeg" }
        return nil
    }

    /// Whether content of this type goes into an answer as the text it is.
    static func isText(_ type: [UInt8]) -> Bool {
        let main = HeaderValue(type).main
        if main.starts(with: [UInt8]("text/")) || main.ends(with: [UInt8]("+json")) { return true }
        if main.ends(with: [UInt8]("+xml")) { return true }
        return [
            "application/json", "application/xml", "application/javascript", "application/yaml", "application/x-subrip",
            "application/x-www-form-urlencoded", "application/x-ndjson",
        ].contains { (known: StaticString) in main.isEqual(to: known) }
    }
}
