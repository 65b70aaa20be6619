import ByteKit
import Glibc
import TestKit
import Testing

@Suite("Ten builds", .enabled(if: VerifyScene.isPossible, VerifyScene.needs), .serialized)
struct ReproducibilityTests {
    /// How one build differs from the others.
    private struct Variation {
        var umask = "022"
        var zone = "UTC"
        var locale = "C.UTF-8"
        var jobs = "2"
        /// Whether an ordinary user builds, where one can be had.
        var isOrdinaryUser = false
        /// What is in the cache: `empty`, `full`, `blobs` or `objects`.
        var cache = "full"
        var folder = "place"
        var home = "/nowhere"
    }

    private static let variations = [
        Variation(cache: "empty"), Variation(umask: "077"), Variation(umask: "000", zone: "Asia/Kathmandu"),
        Variation(locale: "tr_TR.UTF-8"), Variation(jobs: "1", cache: "empty"), Variation(jobs: "16", cache: "blobs"),
        Variation(isOrdinaryUser: true, cache: "empty"), Variation(folder: "a place with späces/and more of it"),
        Variation(cache: "objects", home: "/tmp"), Variation(umask: "027", zone: "America/St_Johns", cache: "empty"),
    ]

    private static let script = """
        set -e
        umask "$1"; place=$2 jobs=$3 program=$4 target=$5; shift 5
        cd "$place"
        exec "$@" "$program" build thumbnails.json --jobs "$jobs" --target "$target" --cache cache -o out --sbom spdx --sbom cyclonedx --provenance
        """

    /// Copies the recipe to a place of its own and builds there; gives the folder with what was built.
    private func build(_ variation: Variation, _ number: Int, _ target: String, _ scene: VerifyScene) throws -> String {
        let place = scene.path("\(target)-\(number)/\(variation.folder)")
        try Folder.create(place)
        for name in ["thumbnails.json", "thumbnails.lock.json", "script.sh"] {
            try OutputFile.write(try InputFile.contents(of: scene.path(name), limit: 1 << 20), to: "\(place)/\(name)")
        }
        if variation.cache != "empty" {
            let copied = try Peer.run("cp", ["-r", scene.path("cache"), "\(place)/cache"])
            try #require(copied.status == 0, "\(copied.errorText)")
            if variation.cache == "blobs" { Folder.remove("\(place)/cache/objects") }
            if variation.cache == "objects" { Folder.remove("\(place)/cache/blobs") }
        }
        var user: [String] = []
        if variation.isOrdinaryUser, !OrdinaryUser.canRunTool {
            print("the ordinary user’s build is made by this one: it \(OrdinaryUser.reason.rawValue)")
        } else if variation.isOrdinaryUser {
            user = OrdinaryUser.words
            let opened = try Peer.run(
                "sh", ["-c", #"chmod 777 "$1" && chmod 755 "$2""#, "sh", place, scene.folder.path])
            try #require(opened.status == 0, "\(opened.errorText)")
        }
        let result = try Peer.run(
            "sh",
            ["-c", Self.script, "sh", variation.umask, place, variation.jobs, Products.scarBuild, target, "env"] + user,
            variables: [
                ("TZ", variation.zone), ("LC_ALL", variation.locale), ("LANG", variation.locale),
                ("HOME", variation.home),
            ])
        try #require(result.status == 0, "\(number): \(result.errorText)")
        return "\(place)/out"
    }

    /// Sums of all files that were built, by name; the stamp is this machine's affair.
    private func sums(_ folder: String) throws -> String {
        let script = #"cd "$1" && find . -type f ! -name '.*.stamp' -exec sha256sum {} + | sort -k 2"#
        return try Peer.run("sh", ["-c", script, "sh", folder]).text
    }

    @Test(
        "with other umasks, time zones, locales, numbers of threads, users, folders and caches have the same bytes",
        arguments: ["zip", "layer", "image"])
    func same(target: String) throws {
        let scene = try VerifyScene()
        try scene.build(["--target", target], to: "first")
        var folders: [String] = []
        for (number, variation) in Self.variations.enumerated() {
            folders.append(try build(variation, number, target, scene))
        }
        let expected = try sums(folders[0])
        #expect(expected.split(separator: "\n").count >= 6)
        for (number, folder) in folders.enumerated() {
            #expect(try sums(folder) == expected, "variation \(number): \(Self.variations[number])")
        }
    }

    @Test(
        "leave diffoscope nothing to find in two that have little in common",
        .enabled(if: Peer.isInstalled("diffoscope"), "needs diffoscope: scripts/setup test"),
        arguments: ["zip", "layer", "image"])
    func withoutDifference(target: String) throws {
        let scene = try VerifyScene()
        try scene.build(["--target", target], to: "first")
        let folders = try [1, 6].map { try build(Self.variations[$0], $0, target, scene) }
        let found = try Peer.run(
            "diffoscope", ["--exclude", "*.stamp", "--exclude-directory-metadata", "yes"] + folders)
        #expect(found.status == 0 && found.text == "", "\(found.text)\(found.errorText)")
    }
}
