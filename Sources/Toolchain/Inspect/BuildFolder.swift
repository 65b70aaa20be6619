internal import ByteKit
internal import JSON
internal import Report

/// The folder that a build wrote: what stands beside a package says more of it than the package.
struct BuildFolder {
    /// With a slash at its end; empty for the one that we are in.
    private let path: String

    /// The folder that a file of the build is in.
    init(of file: String) {
        let slash = file.utf8.lastIndex(of: UInt8(ascii: "/"))
        path = slash.map { String(file[...$0]) } ?? ""
    }

    /// What the build that wrote a file removed; nil when nothing there says so of a file with this digest.
    func removals(of digest: Digest) -> RemovalAccount? {
        guard let stamp = json("build.json", limit: 1 << 20),
            ["package", "artifact"].contains(where: { (name: StaticString) in
                stamp[name]?["digest"]?.string == digest.description
            }), let report = json("report.json", limit: 64 << 20)
        else { return nil }
        return RemovalAccount(report)
    }

    private func json(_ name: String, limit: Int) -> JSON? {
        guard let bytes = try? InputFile.contents(of: path + name, limit: limit) else { return nil }
        return try? JSON.parse(bytes, limits: JSONLimits(bytes: limit, values: 2_000_000))
    }
}
