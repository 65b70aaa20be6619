internal import ByteKit
internal import Glibc
internal import JSON
internal import Recipe

/// Results that are folders: an unpacked tree, an image layout.
///
/// A file that has the name of a result is replaced, a folder only when `build.json` beside it says that it is a result
/// as well: it may hold anything.
enum OutputFolder {
    /// Throws when a folder may not be put at `path`.
    static func check(_ path: String, in folder: String) throws {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return }
        let name = path.split(separator: "/").last.map(String.init) ?? path
        guard status.st_mode & S_IFMT == S_IFDIR, isRecorded(name, in: folder) else {
            throw ToolError(
                "output-exists", "\(path) is there already, and \(folder)/build.json does not say that a build made it",
                hint: "remove it, or build into another folder with -o")
        }
        if let mount = try mounts().first(where: { isInside($0, resolved(path)) }) {
            throw ToolError(
                "output-in-use", "\(path) cannot be replaced: something is mounted at \(mount)",
                hint: "unmount it, or build into another folder with -o")
        }
    }

    /// Makes a folder that appears at `path` when it is whole.
    static func write<Value>(_ path: String, in folder: String, _ body: (String) throws -> Value) throws -> Value {
        // It has the same parent before and after, so that it may be renamed whatever its own mode is.
        try Folder.withTemporary(in: folder) { temporary in
            let value = try body(temporary)
            try check(path, in: folder)
            // What was there is then where the temporary folder was, and goes with it.
            try Folder.exchange(temporary, with: path)
            return value
        }
    }

    private static func isRecorded(_ name: String, in folder: String) -> Bool {
        guard let bytes = try? InputFile.contents(of: "\(folder)/build.json", limit: 16 << 20),
            let record = try? JSON.parse(bytes)
        else { return false }
        let package = record["package"]
        return [record["artifact"], package, package?["runtime"]].contains { $0?["file"]?.string == name }
    }

    // MARK: - Mounts

    /// Where something is mounted. What is mounted inside a folder would be emptied with it.
    private static func mounts() throws -> [String] {
        guard let file = unsafe fopen("/proc/self/mountinfo", "re") else { return [] }
        defer { unsafe fclose(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = unsafe fread(&piece, 1, piece.count, file)
            guard count > 0 else { break }
            bytes += piece.prefix(count)
        }
        // proc(5): the fifth field, with spaces and the like as octal escapes.
        return bytes.split(separator: UInt8(ascii: "\n")).compactMap { line in
            let fields = line.split(separator: UInt8(ascii: " "))
            return fields.count > 4 ? unescaped(Array(fields[4])) : nil
        }
    }

    private static func unescaped(_ field: [UInt8]) -> String {
        var bytes: [UInt8] = []
        var index = 0
        while index < field.count {
            let digits = String(decoding: field[(index + 1)...].prefix(3), as: UTF8.self)
            if field[index] == UInt8(ascii: "\\"), digits.utf8.count == 3, let byte = UInt8(digits, radix: 8) {
                bytes.append(byte)
                index += 4
            } else {
                bytes.append(field[index])
                index += 1
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func resolved(_ path: String) -> String {
        guard let real = unsafe realpath(path, nil) else { return path }
        defer { unsafe free(real) }
        return unsafe String(cString: real)
    }

    private static func isInside(_ mount: String, _ folder: String) -> Bool {
        mount == folder || mount.hasPrefix(folder + "/")
    }
}

extension Recipe.Target {
    /// The name of what is built, when it is a folder.
    func folderName(of recipe: Recipe) -> String? {
        switch self {
        case .dir: "\(recipe.name).rootfs"
        case .oci: "\(recipe.name).oci"
        case .image: "\(recipe.name).image"
        case .runtime: "\(recipe.name).runtime"
        default: nil
        }
    }
}
