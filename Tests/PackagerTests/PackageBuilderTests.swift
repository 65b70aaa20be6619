import ByteKit
import Glibc
import Packager
import Supervisor
import TestKit
import Testing

@Suite("Packages")
struct PackageBuilderTests {
    /// A root with ffmpeg and ffprobe in it.
    static func image() -> HandMadeRoot {
        var root = LibraryPathTests.debian(needs: ["libc.so.6"])
        root["usr/local/bin/ffmpeg"] = root["usr/bin/program"]
        root["usr/local/bin/ffprobe"] = root["usr/bin/program"]
        return root
    }

    /// An input with files of every kind, which stand in a folder.
    static func input(_ folder: String) throws -> PackageInput {
        try write([UInt8]("supervisor".utf8), "\(folder)/bootstrap")
        try write([UInt8]("squashfs".utf8), "\(folder)/image.squashfs")
        try write([UInt8]("#!/bin/sh\n".utf8), "\(folder)/frames.sh")
        try Folder.create("\(folder)/data/empty")
        try Folder.create("\(folder)/data/sub")
        try write([1, 2, 3], "\(folder)/data/b.bin")
        try write([UInt8]("#!/bin/sh\n".utf8), "\(folder)/data/sub/a.sh", permissions: 0o755)
        _ = unsafe symlink("../b.bin", "\(folder)/data/sub/link")
        var input = PackageInput(name: "frames", bootstrap: "\(folder)/bootstrap")
        input.artifact = PackageInput.Artifact(
            file: "\(folder)/image.squashfs", digest: Digest(of: [UInt8]("squashfs".utf8)), size: 8, unpackedSize: 4096)
        input.image = image().view
        input.launcher = .ffmpeg
        input.script = PackageInput.Source(path: "ffmpeg/frames.sh", file: "\(folder)/frames.sh")
        input.files = [PackageInput.Source(path: "data", file: "\(folder)/data")]
        input.environment = [
            ("PATH", "/usr/local/bin:/usr/bin"), ("LD_LIBRARY_PATH", "/usr/local/lib"), ("A", "1"), ("B", "2"),
            ("A", "3"),
        ]
        input.workingDirectory = "/srv/./x"
        input.inputs = [
            LaunchSpec.Channel(
                storage: [UInt8]("s3".utf8), path: [UInt8]("videos/in".utf8), suffix: [[UInt8](".mp4".utf8)])
        ]
        return input
    }

    @Test("Everything stands where it is documented, small things first")
    func layout() throws {
        try Folder.withTemporary { folder in
            let package = try PackageBuilder.package(Self.input(folder))
            #expect(
                package.entries.map(\.name) == [
                    "bootstrap", "launch.json", "launcher/bin/ffmpeg", "launcher/bin/ffprobe", "script/frames.sh",
                    "files/data/b.bin",
                    "files/data/empty", "files/data/sub/a.sh", "files/data/sub/link", "artifact.squashfs",
                ])
            #expect(
                package.entries.map(\.permissions) == [
                    0o755, 0o644, 0o755, 0o755, 0o755, 0o644, 0o755, 0o755, 0o777, 0o644,
                ])
            #expect(package.entries.last?.isDeflated == false)
            #expect(package.programs.map(\.program.path) == ["usr/local/bin/ffmpeg", "usr/local/bin/ffprobe"])
            let summary = try package.write(toZip: "\(folder)/a.zip")
            let again = try PackageBuilder.package(Self.input(folder)).write(toZip: "\(folder)/b.zip")
            #expect(summary.digest == again.digest)
            #expect(summary.entries.last?.packedSize == 8)
        }
    }

    @Test("launch.json says what the supervisor needs, as the supervisor reads it")
    func launchSpec() throws {
        try Folder.withTemporary { folder in
            let package = try PackageBuilder.package(Self.input(folder))
            guard case .bytes(let text) = package.entries[1].content else {
                Issue.record("launch.json is not in memory")
                return
            }
            let spec = try LaunchSpec.decode(text)
            #expect(spec == package.launchSpec)
            #expect(spec.name == [UInt8]("frames".utf8))
            #expect(spec.artifact?.path == [UInt8]("artifact.squashfs".utf8))
            #expect(spec.artifact?.digest == [UInt8]("\(Digest(of: [UInt8]("squashfs".utf8)))".utf8))
            #expect(spec.artifact?.unpackedSize == 4096)
            #expect(spec.root == [UInt8]("/tmp/scar/root".utf8))
            #expect(spec.script == [UInt8]("script/frames.sh".utf8))
            #expect(spec.command == nil)
            #expect(spec.path == [[UInt8]("launcher/bin".utf8)])
            #expect(spec.workingDirectory == [UInt8]("srv/x".utf8))
            let variables = spec.environment.map { String(decoding: $0.name + [61] + $0.value, as: UTF8.self) }
            #expect(variables == ["PATH=/usr/local/bin:/usr/bin", "B=2", "A=3"])
            #expect(spec.inputs.first?.bucket == [UInt8]("videos".utf8))
        }
    }

    @Test("A command's program gets a shim, and is called by its name")
    func command() throws {
        try Folder.withTemporary { folder in
            var input = try Self.input(folder)
            input.launcher = .generic
            input.script = nil
            input.command = ["/usr/bin/program", "-x"]
            let package = try PackageBuilder.package(input)
            #expect(package.programs.map(\.name) == ["program"])
            #expect(package.launchSpec.command == [[UInt8]("program".utf8), [UInt8]("-x".utf8)])
        }
    }

    @Test("A command of the launcher's name but from elsewhere wins")
    func commandBeforeLauncher() throws {
        try Folder.withTemporary { folder in
            var input = try Self.input(folder)
            var root = Self.image()
            root["opt/ffmpeg"] = root["usr/bin/program"]
            input.image = root.view
            input.command = ["/opt/ffmpeg"]
            input.script = nil
            let package = try PackageBuilder.package(input)
            #expect(
                package.programs.map { "\($0.name) \($0.program.path)" } == [
                    "ffprobe usr/local/bin/ffprobe", "ffmpeg opt/ffmpeg",
                ])
        }
    }

    @Test("Programs and libraries that are missing are named")
    func missing() throws {
        try Folder.withTemporary { folder in
            var input = try Self.input(folder)
            input.image = LibraryPathTests.debian(needs: []).view
            let noProgram = #expect(throws: PackagerError.self) { try PackageBuilder.package(input) }
            #expect(noProgram?.code == .programMissing)
            #expect(
                noProgram?.diagnostic.message
                    == "the image has none of the programs of the launcher ‘ffmpeg’: ffmpeg, ffprobe")

            input.launcher = .generic
            input.command = ["absent"]
            let noCommand = #expect(throws: PackagerError.self) { try PackageBuilder.package(input) }
            #expect(noCommand?.diagnostic.message == "the command's program ‘absent’ is not in the image")

            input.image = LibraryPathTests.debian(needs: ["libgone.so.1", "libc.so.6"]).view
            input.command = ["program"]
            let noLibrary = #expect(throws: PackagerError.self) { try PackageBuilder.package(input) }
            #expect(noLibrary?.code == .libraryMissing)
            // The image's PATH does not have /bin.
            #expect(
                noLibrary?.diagnostic.message
                    == "/usr/bin/program cannot start: the image lacks libgone.so.1 (for /usr/bin/program)")
        }
    }

    @Test("What the supervisor would refuse is refused here", arguments: ["relative", "/a/../b", ""])
    func refusedSpec(root: String) throws {
        try Folder.withTemporary { folder in
            var input = try Self.input(folder)
            input.root = root
            let error = #expect(throws: PackagerError.self) { try PackageBuilder.package(input) }
            #expect(error?.code == .launchSpec)
        }
    }

    @Test("A link out of what is shipped is refused", arguments: ["/etc/passwd", "../..", "../../x", "b/../../../x"])
    func escapingLink(target: String) throws {
        try Folder.withTemporary { folder in
            let input = try Self.input(folder)
            _ = unsafe symlink(target, "\(folder)/data/sub/escape")
            let error = #expect(throws: PackagerError.self) { try PackageBuilder.package(input) }
            #expect(error?.code == .notShippable)
        }
    }

    @Test("A pipe, or a file that is not there, cannot be shipped")
    func noFile() throws {
        try Folder.withTemporary { folder in
            var input = try Self.input(folder)
            input.files.append(PackageInput.Source(path: "absent", file: "\(folder)/absent"))
            let absent = #expect(throws: PackagerError.self) { try PackageBuilder.package(input) }
            #expect(absent?.code == .file)
            _ = unsafe mkfifo("\(folder)/data/pipe", 0o600)
            input.files.removeLast()
            let pipe = #expect(throws: PackagerError.self) { try PackageBuilder.package(input) }
            #expect(pipe?.code == .notShippable)
        }
    }

    @Test(
        "The launcher is picked by the programs that are there",
        arguments: [
            (["bin/sh", "usr/local/bin/ffmpeg"], "ffmpeg"), (["usr/bin/ffmpeg"], "ffmpeg"),
            (["opt/usr/bin/ffmpeg"], "generic"),
            ([], "generic"),
        ])
    func launchers(paths: [String], name: String) {
        #expect(Launcher.automatic(for: paths).name == name)
        #expect(Launcher.named(name)?.name == name)
        #expect(Launcher.named("ruby") == nil)
    }
}
