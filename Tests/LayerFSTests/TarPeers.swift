import ByteKit
import LayerFS
import TestKit

extension LayerWorkspace {
    /// Writes a linked tree as a tar archive; gives its path and the report.
    func tar(
        _ linked: Linker.LinkedTree, _ compression: StreamCompression = .none, sumsArchive: Bool = false
    ) throws -> (path: String, report: LinkReport) {
        let path = freshPath("archive") + ".tar" + compression.ending
        let report = try linked.writeTar(to: path, compression, pool: pool, sumsArchive: sumsArchive)
        return (path, report)
    }

    /// Writes a linked tree as a tar archive and gives its bytes.
    func tarBytes(_ linked: Linker.LinkedTree, _ compression: StreamCompression = .none) throws -> [UInt8] {
        try InputFile.contents(of: try tar(linked, compression).path, limit: 1 << 28)
    }

    /// Has a program unpack an archive into a new folder, as root; not a word of complaint is accepted.
    func unpack(_ archive: String, with program: String, _ arguments: [String]) throws -> String {
        let folder = freshPath("unpacked")
        try Folder.create(folder)
        let result = try Peer.run(program, arguments + ["-C", folder, "-f", archive])
        guard result.status == 0, result.errors.isEmpty
        else { throw PeerRefused(description: "\(program): \(result.status) \(result.errorText)") }
        return folder
    }

    /// Unpacks a linked tree into a new folder; gives its path and the report.
    func unpacked(_ linked: Linker.LinkedTree) throws -> (path: String, report: LinkReport) {
        let path = freshPath("folder")
        try Folder.create(path)
        return (path, try linked.writeFolder(to: path, pool: pool))
    }
}

extension Listing {
    /// An archive as Python's tarfile reads it.
    init(tar path: String) throws {
        let lister = "\(Products.repository)/Tests/Oracles/list-tar.py"
        let result = try Peer.run("python3", [lister, path])
        guard result.status == 0, result.errors.isEmpty
        else { throw PeerRefused(description: "tarfile: \(result.errorText)") }
        var entries: [Entry] = []
        for line in result.text.split(separator: "\n") {
            let fields = line.split(separator: " ").map(String.init)
            let path = Self.hex(fields[0].dropFirst())
            let target = Self.hex(fields[8].dropFirst())
            if fields[1] == "1" {
                guard var entry = entries.first(where: { $0.path == target })
                else { throw PeerRefused(description: "a hard link to what did not come before it") }
                entry.path = path
                entries.append(entry)
                continue
            }
            let kinds: [String: Character] = ["0": "f", "2": "l", "3": "c", "4": "b", "5": "d", "6": "p"]
            var entry = Entry(
                path: path == [UInt8(ascii: ".")] ? [] : path, kind: kinds[fields[1]] ?? "?",
                mode: UInt16(fields[2]) ?? 0, owner: UInt32(fields[3]) ?? 0, group: UInt32(fields[4]) ?? 0,
                time: Int64(fields[5]) ?? 0, identity: UInt64(entries.count))
            if entry.kind == "l" { entry.target = target }
            if entry.kind == "c" || entry.kind == "b" {
                entry.device = (UInt32(fields[6]) ?? 0, UInt32(fields[7]) ?? 0)
            }
            if entry.kind == "f" { entry.content = Self.hex(fields[10].dropFirst()) }
            entry.xattrs = fields[9].dropFirst().split(separator: ",").map { pair in
                let parts = pair.split(separator: "=", omittingEmptySubsequences: false)
                return (Self.hex(parts[0]), Self.hex(parts[1]))
            }
            entries.append(entry)
        }
        entries.sort { $0.path.lexicographicallyPrecedes($1.path) }
        self.init(entries)
    }

    private static func hex(_ text: Substring) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while !rest.isEmpty {
            bytes.append(UInt8(String(Substring(rest.prefix(2))), radix: 16) ?? 0)
            rest = rest.dropFirst(2)
        }
        return bytes
    }
}
