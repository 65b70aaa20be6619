import ByteKit
import Glibc
import Packager
import Supervisor
import TestKit
import Testing

@Suite("Launchers")
struct LauncherTests {
    /// What a test's image has and says.
    struct Image: Sendable, CustomTestStringConvertible {
        var programs: [String]
        var variables: [String] = []
        var command: [String] = []
        var script: (name: String, text: String)?
        var launcher: String
        var reason: String

        var testDescription: String { "\(programs) \(variables) \(command) \(script?.name ?? "")" }
    }

    static func facts(_ image: Image) -> ImageFacts {
        // What every Debian has, a Perl included.
        let base = ["usr/bin/sh", "usr/bin/perl", "usr/bin/env"]
        var root = HandMadeRoot(Dictionary((base + image.programs).map { ($0, .file([1])) }) { first, _ in first })
        root["bin"] = .link("usr/bin")
        let variables = image.variables.map { text in
            (name: String(text.prefix { $0 != "=" }), value: String(text.drop { $0 != "=" }.dropFirst()))
        }
        return ImageFacts(root: root.view, environment: variables, command: image.command, workingDirectory: "/app")
    }

    static func choice(_ name: String, _ image: Image) throws -> LauncherChoice {
        guard let script = image.script else { return try LauncherChoice.choose(name, for: nil, in: facts(image)) }
        return try Folder.withTemporary { folder in
            try OutputFile.write([UInt8](script.text.utf8), to: "\(folder)/\(script.name)")
            let source = PackageInput.Source(path: script.name, file: "\(folder)/\(script.name)")
            return try LauncherChoice.choose(name, for: source, in: facts(image))
        }
    }

    @Test(
        "each kind of image is known by what it starts, says of itself, or has in it, and the more specific wins",
        arguments: [
            Image(
                programs: ["usr/local/bin/ruby", "usr/local/bin/irb"], variables: ["RUBY_VERSION=3.3.0"],
                command: ["irb"], launcher: "ruby", reason: "the image has /usr/local/bin/ruby, and its command is irb"),
            Image(
                programs: ["usr/bin/ruby", "usr/bin/python3"], variables: ["GEM_HOME=/usr/local/bundle"],
                command: ["bash"], launcher: "ruby", reason: "the image has /usr/bin/ruby and sets GEM_HOME"),
            Image(
                programs: ["usr/bin/elixir", "usr/bin/erl"], command: ["iex"], launcher: "elixir",
                reason: "the image has /usr/bin/elixir, and its command is iex"),
            Image(
                programs: ["usr/local/bin/elixir", "usr/local/bin/erl"], launcher: "elixir",
                reason: "the image has /usr/local/bin/elixir"),
            Image(
                programs: ["usr/local/bin/erl"], command: ["erl"], launcher: "erlang",
                reason: "the image has /usr/local/bin/erl, and its command is erl"),
            Image(
                programs: ["usr/bin/Rscript", "usr/bin/R", "usr/bin/python3"], command: ["R"], launcher: "r",
                reason: "the image has /usr/bin/Rscript, and its command is R"),
            Image(
                programs: ["usr/local/bin/python3"], command: ["python3.12", "-m", "app"], launcher: "python",
                reason: "the image has /usr/local/bin/python3, and its command is python3.12"),
            Image(
                programs: ["usr/local/bin/node", "usr/bin/python3"], variables: ["NODE_VERSION=22"],
                command: ["docker-entrypoint.sh", "node"], launcher: "node",
                reason: "the image has /usr/local/bin/node, and its command is node"),
            Image(
                programs: ["opt/java/openjdk/bin/java"],
                variables: ["JAVA_HOME=/opt/java/openjdk", "PATH=/opt/java/openjdk/bin:/usr/bin"], command: ["jshell"],
                launcher: "java", reason: "the image has /opt/java/openjdk/bin/java, and its command is jshell"),
            Image(
                programs: ["usr/bin/ffmpeg", "usr/bin/python3"], command: ["/bin/bash", "-c", "x"], launcher: "ffmpeg",
                reason: "the image has /usr/bin/ffmpeg"),
            // What its author installed besides the distribution's programs tells more than these.
            Image(
                programs: ["usr/bin/ffmpeg", "usr/local/bin/magick"], launcher: "imagemagick",
                reason: "the image has /usr/local/bin/magick"),
            Image(
                programs: ["usr/bin/convert"], command: ["convert"], launcher: "imagemagick",
                reason: "the image has /usr/bin/convert, and its command is convert"),
            Image(
                programs: ["usr/bin/python3"], command: ["/usr/bin/perl5.36.0"], launcher: "perl",
                reason: "the image has /usr/bin/perl, and its command is perl5.36.0"),
            Image(
                programs: ["usr/bin/ffmpeg", "usr/bin/python3"], script: ("cut.py", "import os\n"), launcher: "python",
                reason: "the image has /usr/bin/python3, and the script is cut.py"),
            Image(
                programs: ["usr/bin/ffmpeg", "usr/bin/ruby"], script: ("cut", "#!/usr/bin/env -S ruby -w\n"),
                launcher: "ruby", reason: "the image has /usr/bin/ruby, and the script is cut"),
            Image(
                programs: ["usr/bin/ffmpeg"], script: ("cut.sh", "#!/bin/sh\n"), launcher: "ffmpeg",
                reason: "the image has /usr/bin/ffmpeg"),
            Image(
                programs: [], variables: ["RUBY_VERSION=3"], command: ["ruby"], launcher: "generic",
                reason: "the image has no program that another launcher knows"),
            Image(
                programs: ["opt/ffmpeg/ffmpeg"], launcher: "generic",
                reason: "the image has no program that another launcher knows"),
        ])
    func automatic(image: Image) throws {
        let choice = try Self.choice("auto", image)
        #expect(choice.launcher.name == image.launcher)
        #expect(choice.reason == image.reason)
    }

    @Test("every launcher can be named, and needs its programs in the image", arguments: Launcher.all.map(\.name))
    func named(name: String) throws {
        let empty = HandMadeRoot([:]).view
        #expect(Launcher.all.count { $0.name == name } == 1)
        guard name != "generic" else {
            #expect(try LauncherChoice.choose(name, for: nil, in: ImageFacts(root: empty)).launcher.name == name)
            return
        }
        let error = #expect(throws: PackagerError.self) {
            try LauncherChoice.choose(name, for: nil, in: ImageFacts(root: empty))
        }
        #expect(error?.code == .programMissing)
        let unknown = #expect(throws: PackagerError.self) {
            try LauncherChoice.choose(name + "x", for: nil, in: ImageFacts(root: empty))
        }
        #expect(unknown?.code == .unknownLauncher)
    }

    @Test(
        "scripts with nothing but a name are run by the program for such names that the image has",
        arguments: [
            ("ruby", "a.rb", "usr/bin/ruby", ["ruby"]), ("r", "a.R", "usr/bin/Rscript", ["Rscript"]),
            ("python", "a.py", "usr/bin/python3", ["python3"]), ("python", "b.py", "usr/bin/python", ["python"]),
            ("node", "a.mjs", "usr/bin/nodejs", ["nodejs"]),
            ("java", "a.jar", "usr/bin/java", ["java", "-Duser.home=/tmp", "-jar"]),
            ("java", "A.java", "usr/bin/java", ["java", "-Duser.home=/tmp"]),
            ("elixir", "a.exs", "usr/bin/elixir", ["elixir"]), ("erlang", "a.erl", "usr/bin/escript", ["escript"]),
            ("erlang", "a.escript", "usr/bin/escript", ["escript"]), ("perl", "a.pl", "usr/bin/perl", ["perl"]),
            ("shell", "a.bash", "usr/bin/bash", ["bash"]), ("ffmpeg", "a.rb", "usr/bin/ruby", ["ruby"]),
        ])
    func interpreters(launcher: String, script: String, program: String, command: [String]) throws {
        try Folder.withTemporary { folder in
            var input = try PackageBuilderTests.input(folder)
            var root = PackageBuilderTests.image()
            root[program] = .file([1])
            input.image = root.view
            input.launcher = LauncherChoice(try #require(Launcher.named(launcher)), because: "of the test")
            try OutputFile.write([UInt8]("text\n".utf8), to: "\(folder)/\(script)")
            input.script = PackageInput.Source(path: script, file: "\(folder)/\(script)")
            #expect(try PackageBuilder.package(input).launchSpec.interpreter == command.map { [UInt8]($0.utf8) })
        }
    }

    @Test(
        "variables that a language needs are set when the image has what they name, and the image's own stay",
        arguments: [
            ("elixir", "root/.mix/archives/hex", "MIX_HOME", "/root/.mix"),
            ("elixir", "usr/bin/elixir", "ERL_CRASH_DUMP_SECONDS", "0"),
            ("erlang", "usr/bin/erl", "ERL_CRASH_DUMP_SECONDS", "0"),
            ("node", "srv/x/node_modules/a/index.js", "NODE_PATH", "/srv/x/node_modules"),
            ("node", "usr/local/lib/node_modules/npm/a", "NODE_PATH", "/usr/local/lib/node_modules"),
            ("generic", "usr/bin/sh", "HOME", "/tmp"),
        ])
    func environment(launcher: String, path: String, name: String, value: String) throws {
        try Folder.withTemporary { folder in
            var input = try PackageBuilderTests.input(folder)
            input.workingDirectory = "/srv/x"
            input.launcher = LauncherChoice(try #require(Launcher.named(launcher)), because: "of the test")
            func found() throws -> [String] {
                try PackageBuilder.package(input).launchSpec.environment.filter { $0.name == [UInt8](name.utf8) }
                    .map { String(decoding: $0.value, as: UTF8.self) }
            }
            if path.contains("mix") || path.contains("node") { #expect(try found() == []) }
            var root = PackageBuilderTests.image()
            root[path] = .file([1])
            input.image = root.view
            #expect(try found() == [value])
            input.environment.append((name, "own"))
            #expect(try found() == ["own"])
        }
    }

    @Test("a function that reuses its process gets its language's worker, and none where there is no such thing")
    func workers() throws {
        try Folder.withTemporary { folder in
            var input = try PackageBuilderTests.input(folder)
            var root = PackageBuilderTests.image()
            for name in ["ruby", "python3", "perl", "Rscript", "node", "elixir", "erl", "escript"] {
                root["usr/bin/\(name)"] = .file([1])
            }
            input.image = root.view
            input.reuse = true
            for (name, text, file, command) in [
                ("a.rb", "", "ruby.rb", "ruby"), ("a", "#!/usr/bin/env python3 -u\n", "python.py", "python3"),
                ("a", "#!/usr/bin/perl -w\n", "perl.pl", "/usr/bin/perl"), ("a.R", "", "r.R", "Rscript"),
                ("a.js", "", "node.cjs", "node"), ("a.exs", "", "elixir.exs", "elixir -r"),
                ("a", "#!/usr/bin/elixir\n", "elixir.exs", "/usr/bin/elixir -r"),
                ("a.escript", "#!/usr/bin/env escript\n", "erlang.args", "erl -args_file"),
            ] {
                try OutputFile.write([UInt8](text.utf8), to: "\(folder)/\(name)")
                input.script = PackageInput.Source(path: name, file: "\(folder)/\(name)")
                let package = try PackageBuilder.package(input)
                let path = "launcher/worker/\(file)"
                #expect(package.launchSpec.worker?.program == [UInt8](path.utf8))
                #expect(package.launchSpec.worker?.command == command.split(separator: " ").map { [UInt8]($0.utf8) })
                #expect(package.launchSpec.worker?.isSpare == command.contains(" "))
                #expect(package.entries.contains { $0.name == path })
            }
            root["usr/bin/mix"] = .file([1])
            input.image = root.view
            // A spare goes on as `elixir` does; what else runs Elixir's scripts would not be asked.
            for line in ["#!/bin/sh\n", "#!/usr/bin/env -S mix run\n"] {
                try OutputFile.write([UInt8](line.utf8), to: "\(folder)/a.sh")
                input.script = PackageInput.Source(path: "a.sh", file: "\(folder)/a.sh")
                let refused = #expect(throws: PackagerError.self) { try PackageBuilder.package(input) }
                #expect(refused?.code == .noWorker)
            }
            input.command = ["program"]
            let command = #expect(throws: PackagerError.self) { try PackageBuilder.package(input) }
            #expect(command?.code == .noWorker)
        }
    }
}
