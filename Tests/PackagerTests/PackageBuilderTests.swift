import ByteKit
import Glibc
import Packager
import Supervisor
import TestKit
import Testing

@Suite("Packages")
struct PackageBuilderTests {
    /// A root with ffmpeg and a shell in it, and folders that only the C library reads.
    static func image() -> HandMadeRoot {
        HandMadeRoot([
            "usr/local/bin/ffmpeg": .file([1]), "usr/bin/program": .file([1]), "bin": .link("usr/bin"),
            "usr/bin/sh": .file([1]), "usr/bin/env": .file([1]), "usr/lib/locale/C.utf8/LC_CTYPE": .file([1]),
            "usr/lib/x86_64-linux-gnu/gconv/gconv-modules": .file([1]), "usr/share/zoneinfo/UTC": .file([1]),
            "mnt/data": .file([1]), "opt": .folder,
        ])
    }

    static let relocation = (
        loader: "lib64/ld-linux-x86-64.so.2", folders: ["usr/lib", "usr/lib/x86_64-linux-gnu"]
    )

    /// An input with files of every kind, which stand in a folder.
    static func input(_ folder: String) throws -> PackageInput {
        try OutputFile.write([UInt8]("supervisor".utf8), to: "\(folder)/bootstrap")
        try OutputFile.write([UInt8]("squashfs".utf8), to: "\(folder)/image.squashfs")
        try OutputFile.write([UInt8]("#!/bin/sh\n".utf8), to: "\(folder)/frames.sh")
        try Folder.create("\(folder)/data/empty")
        try Folder.create("\(folder)/data/sub")
        try OutputFile.write([1, 2, 3], to: "\(folder)/data/b.bin")
        try OutputFile.write([UInt8]("#!/bin/sh\n".utf8), to: "\(folder)/data/sub/a.sh", permissions: 0o755)
        _ = unsafe symlink("../b.bin", "\(folder)/data/sub/link")
        var input = PackageInput(name: "frames", bootstrap: "\(folder)/bootstrap")
        input.artifact = PackageInput.Artifact(
            file: "\(folder)/image.squashfs", digest: Digest(of: [UInt8]("squashfs".utf8)), size: 8, unpackedSize: 4096,
            blocks: [UInt8](repeating: 7, count: 32))
        input.image = image().view
        input.launcher = LauncherChoice(try #require(Launcher.named("ffmpeg")), because: "of the test")
        try OutputFile.write([UInt8]("library".utf8), to: "\(folder)/libscar-path.so")
        input.relocation = PackageInput.Relocation(
            libraryFile: "\(folder)/libscar-path.so", loader: relocation.loader, loaderHasArgumentZero: true,
            folders: relocation.folders, host: ["/srv/host"])
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
                    "bootstrap", "launch.json", "launcher/libscar-path.so", "script/frames.sh", "files/data/b.bin",
                    "files/data/empty", "files/data/sub/a.sh", "files/data/sub/link", "artifact.blocks",
                    "artifact.squashfs",
                ])
            #expect(
                package.entries.map(\.permissions) == [
                    0o755, 0o644, 0o755, 0o755, 0o644, 0o755, 0o755, 0o777, 0o644, 0o644,
                ])
            #expect(package.entries.last?.isDeflated == false)
            let summary = try package.write(toZip: "\(folder)/a.zip")
            let again = try PackageBuilder.package(Self.input(folder)).write(toZip: "\(folder)/b.zip")
            #expect(summary.digest == again.digest)
            let listed = try Peer.run("unzip", ["-v", "\(folder)/a.zip"]).text.split(separator: "\n")
            let artifact = listed.first { $0.hasSuffix(" artifact.squashfs") }?.split(separator: " ").prefix(3)
            #expect(artifact == ["8", "Stored", "8"])
        }
    }

    @Test("Without the supervisor all else is as it was, for a runtime that has it")
    func supervised() throws {
        try Folder.withTemporary { folder in
            var input = try Self.input(folder)
            let whole = try PackageBuilder.package(input)
            input.isSupervised = true
            let package = try PackageBuilder.package(input)
            #expect(package.entries == Array(whole.entries.dropFirst()))
            #expect(package.entries.first?.name == "launch.json")
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
            #expect(spec.artifact?.blocks == [UInt8]("artifact.blocks".utf8))
            let table = Digest(of: [UInt8](repeating: 7, count: 32))
            #expect(spec.artifact?.blocksDigest == [UInt8]("\(table)".utf8))
            #expect(spec.root == [UInt8]("/tmp/scar/root".utf8))
            #expect(spec.script == [UInt8]("script/frames.sh".utf8))
            #expect(spec.command == nil)
            #expect(spec.interpreter == nil && spec.worker == nil)
            #expect(spec.workingDirectory == [UInt8]("/srv/x".utf8))
            let relocation = try #require(spec.relocation)
            #expect(relocation.library == [UInt8]("launcher/libscar-path.so".utf8))
            #expect(relocation.loader == [UInt8](Self.relocation.loader.utf8))
            #expect(relocation.loaderHasArgumentZero && !relocation.asRoot)
            #expect(relocation.folders == Self.relocation.folders.map { [UInt8]($0.utf8) })
            // The image has something in /mnt, and nothing in /opt.
            #expect(relocation.host == ["/opt", "/srv/host"].map { [UInt8]($0.utf8) })
            #expect(
                relocation.keep.map { String(decoding: $0.name + [61] + $0.value, as: UTF8.self) } == [
                    "LOCPATH=/usr/lib/locale", "GCONV_PATH=/usr/lib/x86_64-linux-gnu/gconv",
                    "TZDIR=/usr/share/zoneinfo",
                ])
            let variables = spec.environment.map { String(decoding: $0.name + [61] + $0.value, as: UTF8.self) }
            #expect(
                variables == [
                    "HOME=/tmp", "LANG=C.UTF-8", "PATH=/usr/local/bin:/usr/bin", "LD_LIBRARY_PATH=/usr/local/lib",
                    "B=2", "A=3",
                ])
            #expect(spec.inputs.first?.bucket == [UInt8]("videos".utf8))
        }
    }

    @Test("What image and recipe set stays as they set it, also where the C library reads it")
    func ownVariables() throws {
        try Folder.withTemporary { folder in
            var input = try Self.input(folder)
            input.environment += [("HOME", "/root"), ("LC_ALL", "de_DE.UTF-8"), ("LOCPATH", "/usr/local/locale")]
            input.asRoot = true
            let spec = try PackageBuilder.package(input).launchSpec
            let variables = spec.environment.map { String(decoding: $0.name + [61] + $0.value, as: UTF8.self) }
            #expect(variables.contains("HOME=/root") && !variables.contains { $0.hasPrefix("LANG=") })
            #expect(!variables.contains { $0.hasPrefix("LOCPATH=") })
            #expect(spec.relocation?.keep.first?.value == [UInt8]("/usr/local/locale".utf8))
            #expect(spec.relocation?.asRoot == true)
        }
    }

    @Test("An image that is the root has no path library, and musl's loader needs no tables of glibc's")
    func noLibrary() throws {
        try Folder.withTemporary { folder in
            var input = try Self.input(folder)
            input.relocation?.loader = "lib/ld-musl-x86_64.so.1"
            #expect(try PackageBuilder.package(input).launchSpec.relocation?.keep == [])
            input.relocation = nil
            input.root = "/"
            let package = try PackageBuilder.package(input)
            #expect(package.launchSpec.relocation == nil)
            #expect(!package.entries.contains { $0.name.hasPrefix("launcher/") })
        }
    }

    @Test("A command stays as it is, and its program must be there: in the image, the package, or on the machine")
    func command() throws {
        try Folder.withTemporary { folder in
            var input = try Self.input(folder)
            input.script = nil
            for word in ["/usr/bin/program", "program", "/bin/program", "files/data/sub/a.sh", "/opt/x", "/tmp/made"] {
                input.command = [word, "-x"]
                let spec = try PackageBuilder.package(input).launchSpec
                #expect(spec.command == [[UInt8](word.utf8), [UInt8]("-x".utf8)])
            }
            for (word, message) in [
                ("absent", "the command's program ‘absent’ is not in the image"),
                ("/mnt/absent", "the command's program ‘/mnt/absent’ is not in the image"),
                ("data/sub/a.sh", "the command's program ‘data/sub/a.sh’ is not in the package"),
            ] {
                input.command = [word]
                let error = #expect(throws: PackagerError.self) { try PackageBuilder.package(input) }
                #expect(error?.code == .programMissing && error?.diagnostic.message == message)
            }
        }
    }

    @Test(
        "A script's interpreter is its first line's, or its name's, and must be in the image",
        arguments: [
            ("a.sh", "#!/bin/sh\n", nil, nil), ("a", "echo\n", nil, nil), ("a.sh", "echo\n", ["/bin/sh"], nil),
            ("a", "#!/usr/bin/env -S program -x\n", nil, nil), ("a.py", "#!/tmp/python\n", nil, nil),
            ("a.rb", "puts 1\n", nil, "the script a.rb is for ‘ruby’, which is not in the image"),
            ("a.py", "#!/usr/bin/env python3\n", nil, "the script a.py is for ‘python3’, which is not in the image"),
            ("a", "#!/usr/bin/ruby -w\n", nil, "the script a is for ‘/usr/bin/ruby’, which is not in the image"),
            ("a", "\u{7f}ELF", nil, nil),
        ])
    func interpreters(name: String, text: String, interpreter: [String]?, message: String?) throws {
        try Folder.withTemporary { folder in
            var input = try Self.input(folder)
            try OutputFile.write([UInt8](text.utf8), to: "\(folder)/\(name)")
            input.script = PackageInput.Source(path: name, file: "\(folder)/\(name)")
            guard let message else {
                let spec = try PackageBuilder.package(input).launchSpec
                #expect(spec.interpreter == interpreter?.map { [UInt8]($0.utf8) })
                return
            }
            let error = #expect(throws: PackagerError.self) { try PackageBuilder.package(input) }
            #expect(error?.code == .programMissing && error?.diagnostic.message == message)
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
}
