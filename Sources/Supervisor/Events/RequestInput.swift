#if !hasFeature(Embedded)
    internal import JSON
#endif

/// What a request brings to the program: files for its input folder, the first of which is its input, and the fields of
/// a form.
struct RequestInput {
    struct File: Equatable {
        var name: [UInt8]
        var content: [UInt8]
    }

    private(set) var files: [File] = []
    /// How many files were sent under a name; each of those that were given away has one too.
    private var names: [[UInt8]: Int] = [:]
    private(set) var fields: [WebRequest.Field] = []

    /// A field longer than this is a file.
    private static var longestField: Int { 8 << 10 }

    /// - Parameter name: what the body's file is called, before a suffix that fits its type.
    init(_ request: WebRequest, name: [UInt8]) throws(Failure) {
        let body = try request.body()
        let type = request["content-type"].map { HeaderValue($0) }
        if let type, type.main.isEqual(to: "multipart/form-data") {
            try take(FormData.parts(body, boundary: type["boundary"] ?? []))
        } else if type?.main.isEqual(to: "application/x-www-form-urlencoded") == true {
            fields = FormData.fields(body)
        }
        guard files.isEmpty else { return }
        var suffix = type.map { MediaType.suffix(of: $0.main) } ?? []
        if type == nil, let known = MediaType.magic(body) { suffix = MediaType.suffix(of: [UInt8](known)) }
        files = [File(name: name + suffix, content: body)]
    }

    private mutating func take(_ parts: [FormData.Part]) {
        var long: [File] = []
        for part in parts {
            if let fileName = part.fileName {
                files.append(File(name: unique(Self.safe(fileName, files.count + 1)), content: part.content))
            } else if part.content.count > Self.longestField || part.content.contains(0) {
                long.append(File(name: part.name, content: part.content))
            } else {
                fields.append(.init(name: part.name, value: part.content))
            }
        }
        // After the files, so that the first of these is the input.
        for field in long {
            let name = Self.safe([UInt8]("field-") + field.name, files.count + 1)
            files.append(File(name: unique(name), content: field.content))
        }
    }

    /// A name that stays in the folder, and that no program takes for an option.
    private static func safe(_ sent: [UInt8], _ number: Int) -> [UInt8] {
        // Some browsers send the whole path, in either system's form.
        let separators = [UInt8(ascii: "/"), UInt8(ascii: "\\")]
        let last = sent.lastIndex(where: separators.contains).map { [UInt8](sent[($0 + 1)...]) } ?? sent
        var name = last.validUTF8.map { $0 < 0x20 || $0 == 0x7f ? UInt8(ascii: "_") : $0 }
        if name.count > 200 { name = [UInt8](name.suffix(200)).validUTF8.filter { $0 < 0x80 } }
        if name.first == UInt8(ascii: "-") { name[0] = UInt8(ascii: "_") }
        if name.isEmpty || name.isEqual(to: ".") || name.isEqual(to: "..") {
            name = [UInt8]("file-")
            name.append(decimal: number)
        }
        return name
    }

    /// The name with a number before it when another file here has it. It is remembered how far they are counted: a
    /// thousand files may have one name.
    private mutating func unique(_ name: [UInt8]) -> [UInt8] {
        var unique = name
        while names[unique] != nil {
            let count = (names[name] ?? 1) + 1
            names[name] = count
            unique = []
            unique.append(decimal: count)
            unique += [UInt8(ascii: "-")] + name
        }
        names[unique] = 1
        return unique
    }
}
