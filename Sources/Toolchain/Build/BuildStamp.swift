internal import ByteKit
internal import Glibc
internal import JSON

/// Remembers, beside what was built, what it was built from, so that building the same again is found to be done.
///
/// It lies in the output folder and not in the cache: whoever can change it can change the package as well. It holds
/// what is true on this machine only (inodes, times), which has no place in `build.json`.
struct BuildStamp {
    /// A digest over all that decides what is built.
    private(set) var key: Digest
    /// The files that were written, by name in the folder.
    private(set) var files: [(name: String, identity: String)]
    /// What the build warned of, to be said again.
    private(set) var warnings: [String]

    /// Notes what was written.
    ///
    /// Nil when a file is not there any more: someone else is at work in the folder.
    init?(key: Digest, files names: [String], warnings: [String], in folder: String) {
        self.key = key
        self.warnings = warnings
        files = []
        for name in names {
            guard let identity = FileIdentity("\(folder)/\(name)") else { return nil }
            files.append((name, identity.text))
        }
    }

    /// Reads the stamp of an earlier build; nil when there is none, or when what stands in the folder is not what that
    /// build made from the same.
    init?(of function: String, in folder: String, key: Digest) {
        guard let bytes = try? InputFile.contents(of: Self.path(of: function, in: folder), limit: 1 << 20),
            let json = try? JSON.parse(bytes), json["key"]?.string == key.description,
            let files = json["files"]?.array, let warnings = json["warnings"]?.array
        else { return nil }
        self.key = key
        self.warnings = warnings.compactMap(\.string)
        self.files = []
        for file in files {
            guard let name = file["name"]?.string, let identity = file["identity"]?.string, !name.contains("/"),
                FileIdentity("\(folder)/\(name)")?.text == identity
            else { return nil }
            self.files.append((name, identity))
        }
    }

    var json: JSON {
        .object([
            ("key", .string(key.description)),
            (
                "files",
                .array(files.map { .object([("name", .string($0.name)), ("identity", .string($0.identity))]) })
            ),
            ("warnings", .array(warnings.map { .string($0) })),
        ])
    }

    /// Where the stamp of a function stands.
    static func path(of function: String, in folder: String) -> String { "\(folder)/.\(function).stamp" }
}

/// Gathers what decides what is built into one digest.
struct BuildKey {
    private var text: [UInt8] = []

    /// Adds one thing. Lengths keep neighbours apart.
    mutating func add(_ name: StaticString, _ value: String) {
        text += Array("\(name) \(value.utf8.count) \(value)\n".utf8)
    }

    /// Adds a file that is read by the build, by what it is now.
    mutating func add(file path: String) {
        add("file", "\(path) \(FileIdentity(path, followsLinks: true)?.text ?? "missing")")
    }

    var digest: Digest { Digest(of: text) }
}
