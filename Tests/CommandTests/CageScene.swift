import ByteKit
import Glibc
import TestKit
import Testing

/// An image with a file and a shell in it, on a registry of its own, and functions whose script is a C program.
final class CageScene {
    private let registry: RegistryProcess
    private let folder: TestFolder
    var path: String { folder.path }
    /// The image's name.
    var image: String { "\(registry.origin.dropFirst("http://".count))/cage/test:latest" }
    /// A name for processes that no other scene has.
    let name = "cage-\(UInt32.random(in: 0 ... .max))".prefix(15).description

    /// Whether bubblewrap can make a cage here: in many containers it cannot.
    static let isPossible: Bool = {
        let words = ["--unshare-user", "--unshare-pid", "--ro-bind", "/", "/", "--proc", "/proc", "true"]
        let result = try? Peer.run("bwrap", words)
        return result?.status == 0 && Peer.isInstalled("docker-registry") && Peer.isInstalled("gcc")
    }()

    init() throws {
        folder = try TestFolder()
        registry = try RegistryProcess()
        let image = TestImage(layers: [
            TarBuilder.archive([.file("image-marker", Array("image".utf8))] + (try Self.shell()))
        ])
        try registry.push(image, repository: "cage/test", tag: "latest")
    }

    /// This machine's shell and the programs that the scripts call, with their libraries.
    private static func shell() throws -> [TarItem] {
        let listing = try Peer.run(
            "sh",
            [
                "-c",
                """
                for name in sh cat sleep basename mkdir ls sha256sum seq head; do
                    file=$(readlink -f "$(command -v $name)")
                    echo "$file bin/$name"
                    ldd "$file" | sed -nE 's,^[^/]*/([^ ]+) .*,/\\1 \\1,p'
                done | sort -u
                """,
            ])
        return try listing.text.split(separator: "\n").map { line in
            let words = line.split(separator: " ").map(String.init)
            return TarItem.file(words[1], try InputFile.contents(of: words[0], limit: 64 << 20))
                .with { $0.mode = 0o755 }
        }
    }

    func write(_ text: String, to name: String) throws {
        if let slash = name.lastIndex(of: "/") { try Folder.create("\(path)/\(name[..<slash])") }
        try OutputFile.write(Array(text.utf8), to: "\(path)/\(name)", permissions: 0o755)
    }

    func text(of name: String) throws -> String {
        String(decoding: try InputFile.contents(of: "\(path)/\(name)", limit: 1 << 20), as: UTF8.self)
    }

    /// A recipe whose function is this C program.
    func recipe(program: String, _ more: String = "") throws -> String {
        try write(program, to: "program.c")
        let compiled = try Peer.run(
            "gcc", ["-static", "-O1", "-w", "-DNAME=\"\(name)\"", "-o", "\(path)/program", "\(path)/program.c"])
        guard compiled.status == 0 else { throw BackgroundProgram.Unavailable(compiled.errorText) }
        return try recipe(script: "program", more)
    }

    func recipe(script: String, _ more: String = "", profile: String = "none") throws -> String {
        try Tool.recipe(
            #"{"name": "caged", "image": "\#(image)", "script": "\#(script)", "prune": {"profile": "\#(profile)"}, "target": "zip"\#(more)}"#,
            in: path)
    }

    func run(
        _ verb: String, _ recipe: String, _ arguments: [String] = [], variables: [(name: String, value: String)] = []
    ) throws -> Peer.Result {
        try Tool.run([verb, recipe, "--cache", "\(path)/cache", "-q"] + arguments, variables: variables)
    }

    /// Runs a C program in the cage; what it says on standard error as `NAME=VALUE` lines.
    func facts(
        _ body: String, _ more: String = "", _ arguments: [String] = [],
        variables: [(name: String, value: String)] = []
    ) throws -> [String: String] {
        let result = try run(
            "run", try recipe(program: Self.head + body, more), arguments, variables: variables)
        #expect(result.status == 0, "\(result.errorText)")
        var facts: [String: String] = [:]
        for line in result.errorText.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { facts[String(parts[0])] = String(parts[1]) }
        }
        return facts
    }

    /// What the programs begin with.
    static let head = """
        #define _GNU_SOURCE
        #include <dirent.h>
        #include <errno.h>
        #include <fcntl.h>
        #include <sched.h>
        #include <signal.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/mman.h>
        #include <sys/prctl.h>
        #include <sys/resource.h>
        #include <sys/stat.h>
        #include <sys/statvfs.h>
        #include <sys/syscall.h>
        #include <sys/wait.h>
        #include <unistd.h>
        extern char **environ;
        static void say(const char *name, long result) {
            fprintf(stderr, "%s=%s\\n", name, result < 0 ? strerrorname_np(errno) : "ok");
        }
        static void number(const char *name, long value) { fprintf(stderr, "%s=%ld\\n", name, value); }

        """
}
