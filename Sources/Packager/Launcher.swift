/// What makes the programs of one kind of image run in a function: data, and nothing to be run.
package struct Launcher: Equatable, Sendable {
    /// The name that recipes use.
    package let name: String
    /// Programs that the launcher makes callable by their names, when the image has them.
    package let programs: [String]
    /// Files of which any one means that an image is of this kind, relative to the root.
    package let marks: [String]

    /// For images of no particular kind: only what the command names becomes callable.
    package static let generic = Launcher(name: "generic", programs: [], marks: [])

    package static let ffmpeg = Launcher(
        name: "ffmpeg", programs: ["ffmpeg", "ffprobe"], marks: ["usr/bin/ffmpeg", "usr/local/bin/ffmpeg"])

    /// All there are, in the order that `automatic` tries them.
    package static let all = [ffmpeg, generic]

    /// The launcher of a name; nil when there is none.
    package static func named(_ name: String) -> Launcher? { all.first { $0.name == name } }

    /// The first launcher that has a mark among an image's paths (relative to the root), else `generic`.
    package static func automatic(for paths: some Sequence<String>) -> Launcher {
        let marks = Set(all.flatMap(\.marks))
        let found = Set(paths.filter { marks.contains($0) })
        return all.first { !found.isDisjoint(with: $0.marks) } ?? generic
    }
}
