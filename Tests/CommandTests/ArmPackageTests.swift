import ByteKit
import JSON
import TestKit
import Testing

/// The supervisor for the other processor, which `make supervisors` builds.
enum ArmSupervisor {
    static let isBuilt = (try? InputFile("\(Products.repository)/.build/supervisor/bootstrap-aarch64")) != nil
    static let reason: Comment = "needs make supervisors"
}

@Suite(
    "A package for arm64", .enabled(if: ArmSupervisor.isBuilt, ArmSupervisor.reason),
    .enabled(if: Peer.isInstalled("docker-registry"), "needs docker-registry"))
final class ArmPackageTests {
    private let registry: RegistryProcess
    private let folder: TestFolder
    private let recipe: String

    init() throws {
        registry = try RegistryProcess()
        folder = try TestFolder()
        let layer = TarBuilder.archive([.folder("bin"), .file("bin/program", "#!/bin/sh\n").with { $0.mode = 0o755 }])
        try registry.push(
            TestImage(layers: [layer], architecture: "arm64"), repository: "forms/arm", tag: "latest")
        let host = registry.origin.dropFirst("http://".count)
        recipe = try Tool.recipe(
            #"{"name": "formed", "image": "\#(host)/forms/arm:latest", "platform": "linux/arm64", "command": ["/bin/program"], "prune": {"profile": "none"}}"#,
            in: folder.path)
    }

    private func tool(_ verb: String, _ more: [String] = []) throws -> Peer.Result {
        try Tool.run([verb, recipe, "--cache", "\(folder.path)/cache"] + more)
    }

    @Test("holds a supervisor for arm64 in every form", arguments: ["zip", "layer", "image", "runtime"])
    func forms(target: String) throws {
        let out = "\(folder.path)/\(target)"
        let built = try tool("build", ["-o", out, "--target", target])
        #expect(built.status == 0, "\(built.errorText)")
        let bootstrap: [UInt8]
        if target == "image" || target == "runtime" {
            let folder = target == "image" ? "task" : "runtime"
            try Folder.create("\(out)/tree")
            let unpacked = try Peer.run(
                "sh",
                [
                    "-c",
                    "skopeo copy -q oci:$1/formed.$2:latest dir:$1/copy && for file in $1/copy/*; do tar -xf $file -C $1/tree 2>/dev/null; done; test -f $1/tree/var/$3/bootstrap",
                    "sh", out, target, folder,
                ])
            #expect(unpacked.status == 0, "\(unpacked.errorText)")
            bootstrap = try InputFile.contents(of: "\(out)/tree/var/\(folder)/bootstrap", limit: 16 << 20)
        } else {
            bootstrap = try Peer.run("unzip", ["-p", "\(out)/formed.zip", "bootstrap"]).output
        }
        // e_machine: AArch64 is 183.
        #expect(bootstrap.prefix(4) == [0x7f, 0x45, 0x4c, 0x46] && bootstrap[18] == 183 && bootstrap[19] == 0)
    }

    #if arch(x86_64)
        @Test("is not run on a machine with another processor, and that is said")
        func run() throws {
            try OutputFile.write(Array("{}".utf8), to: "\(folder.path)/event.json")
            let result = try tool("run", ["--event", "\(folder.path)/event.json"])
            #expect(result.status == 1)
            #expect(result.errorText.contains("error[foreign-processor]"), "\(result.errorText)")
        }
    #endif
}
