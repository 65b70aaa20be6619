import ByteKit
import TestKit
import Testing

/// Runs the built executable as a person would.
enum Tool {
    static func run(_ arguments: [String], variables: [(name: String, value: String)] = []) throws -> Peer.Result {
        try Peer.run(Products.scarBuild, arguments, variables: variables)
    }

    /// Writes a recipe and gives its path.
    static func recipe(_ text: String, in folder: String) throws -> String {
        let path = folder + "/recipe.json"
        try OutputFile.write(Array(text.utf8), to: path)
        return path
    }
}

@Suite("The command line")
struct CommandLineTests: ~Copyable {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    @Test("says what it is")
    func version() throws {
        let result = try Tool.run(["--version"])
        #expect(result.status == 0)
        #expect(result.text.hasPrefix("scar-build "))
        #expect(result.errorText == "")
    }

    @Test("fails when what was asked for cannot be handed over")
    func fullOutput() throws {
        let result = try Peer.run("sh", ["-c", #""$1" --version > /dev/full"#, "sh", Products.scarBuild])
        #expect(result.status == 1)
        #expect(result.errorText.contains("error[disk-full]"))
    }

    @Test(
        "explains every command on stdout",
        arguments: [
            "init", "build", "lock", "plan", "inspect", "diff", "sbom", "verify", "sign", "push", "run", "test",
            "unpack", "cache", "publish", "ls", "rm", "rollback", "invoke", "logs", "put", "get", "submit", "explain",
            "doctor",
        ])
    func help(command: String) throws {
        let result = try Tool.run([command, "--help"])
        #expect(result.status == 0)
        #expect(result.text.contains("USAGE: scar-build \(command) "), "\(result.text)")
    }

    @Test("refuses a wrong option with status 2 and nothing on stdout")
    func wrongOption() throws {
        let result = try Tool.run(["build", "--no-such-option", "x.json"])
        #expect(result.status == 2)
        #expect(result.text == "")
        #expect(result.errorText.contains("no-such-option"))
    }

    @Test("points to an unknown key of a recipe, by line and column, and to what was probably meant")
    func unknownKey() throws {
        let path = try Tool.recipe("{\n  \"name\": \"a\",\n  \"imagee\": \"ffmpeg\"\n}\n", in: folder.path)
        let result = try Tool.run(["build", path])
        #expect(result.status == 1)
        #expect(result.errorText.contains("\(path):3:3: error[unknown-key]"))
        #expect(result.errorText.contains("image"))
    }

    @Test("says which recipe file is missing")
    func missingRecipe() throws {
        let result = try Tool.run(["build", folder.path + "/nothing.json"])
        #expect(result.status == 1)
        #expect(result.errorText.contains("error[file-open]"))
        #expect(result.errorText.contains("nothing.json"))
    }

    @Test("says that a registry cannot be reached, and how to name a mirror")
    func unreachable() throws {
        let path = try Tool.recipe(#"{"name": "a", "image": "127.0.0.1:9/none/none"}"#, in: folder.path)
        let result = try Tool.run(["build", path, "-o", folder.path + "/out", "--cache", folder.path + "/cache"])
        #expect(result.status == 1)
        #expect(result.errorText.contains("127.0.0.1:9"))
        #expect(result.errorText.contains("help:"))
        #expect(try Peer.run("find", [folder.path + "/out", "-type", "f"]).text == "")
    }

    @Test("has no network in an offline build")
    func offline() throws {
        let path = try Tool.recipe(#"{"name": "a", "image": "127.0.0.1:9/none/none"}"#, in: folder.path)
        let result = try Tool.run([
            "build", path, "--offline", "--cache", folder.path + "/cache", "-o", folder.path + "/out",
        ])
        #expect(result.status == 1)
        #expect(result.errorText.contains("error[offline]"), "\(result.errorText)")
    }

    @Test("wants a lock when it is told to follow one")
    func locked() throws {
        let path = try Tool.recipe(#"{"name": "a", "image": "127.0.0.1:9/none/none"}"#, in: folder.path)
        let result = try Tool.run(["build", path, "--locked", "--cache", folder.path + "/cache"])
        #expect(result.status == 1)
        #expect(result.errorText.contains("error[no-lock]"))
        #expect(result.errorText.contains("scar-build lock"))
    }

    @Test("says plainly what cannot be published yet", arguments: ["squashfs", "oci"])
    func publish(target: String) throws {
        let path = try Tool.recipe(#"{"name": "a", "image": "ffmpeg", "target": "\#(target)"}"#, in: folder.path)
        let result = try Tool.run(["publish", path], variables: NoAWS.variables)
        #expect(result.status == 1)
        #expect(result.errorText.contains("error[not-in-this-version]"))
    }
}
