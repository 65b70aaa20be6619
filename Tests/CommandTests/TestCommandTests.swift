import ByteKit
import JSON
import TestKit
import Testing

@Suite("A recipe's tests", .enabled(if: CageScene.isPossible, "needs a bubblewrap that works, docker-registry and gcc"))
struct TestCommandTests {
    private let scene: CageScene

    init() throws {
        scene = try CageScene()
        try scene.write(
            """
            #!/bin/sh
            echo "hello $WHO from $(basename "$INPUT_FILE_PATH")"
            [ -z "$KEPT" ] || { ls /tmp/kept && exit 9; : > /tmp/kept; }
            [ -z "$FILES" ] || { mkdir "$TMP_OUTPUT_DIR/d"; echo one > "$TMP_OUTPUT_DIR/a.txt"; echo two > "$TMP_OUTPUT_DIR/d/b.txt"; }
            [ -z "$FAIL" ] || { echo "words of woe" >&2; exit 3; }
            [ -z "$SLEEP" ] || sleep "$SLEEP"
            """, to: "script.sh")
    }

    private func test(_ tests: String, _ more: String = "", _ arguments: [String] = []) throws -> Peer.Result {
        let recipe = try scene.recipe(script: "script.sh", #"\#(more), "tests": [\#(tests)]"#)
        return try scene.run("test", recipe, arguments)
    }

    /// The lines of the tests, without times.
    private func lines(_ result: Peer.Result) -> [String] {
        result.text.split(separator: "\n").map(String.init).filter { !$0.hasPrefix(" ") }
            .map { $0.split(separator: " ").dropLast(2).joined(separator: " ") }
    }

    @Test("are told one a line, and when all pass the status is 0", arguments: [[], ["--no-cage"]])
    func passing(arguments: [String]) throws {
        try scene.write("one\n", to: "wanted/a.txt")
        try scene.write("two\n", to: "wanted/d/b.txt")
        try scene.write(#"{"body": "x"}"#, to: "event.json")
        let result = try test(
            """
            {"name": "an event", "event": "event.json", "response": "hello  from event.json"},
            {"name": "variables", "environment": {"WHO": "you"}, "response": "hello you"},
            {"name": "files", "environment": {"FILES": "1"}, "output": ["a.txt", "d/*.txt", "**"], "expected": "wanted"},
            {"name": "a failure", "environment": {"FAIL": "1"}, "fails": true, "response": "exit code 3"}
            """, "", arguments)
        #expect(result.status == 0, "\(result.text) \(result.errorText)")
        #expect(lines(result) == ["an event", "variables", "files", "a failure"].map { "ok caged: \($0)" })
    }

    @Test("each have a /tmp of their own")
    func fresh() throws {
        let result = try test(
            #"{"name": "first", "environment": {"KEPT": "1"}}, {"name": "second", "environment": {"KEPT": "1"}}"#)
        #expect(result.status == 0, "\(result.text)")
    }

    @Test("take an input as if it had come through the function's bucket, and look at what was stored")
    func input() throws {
        try scene.write("x", to: "tests/v.txt")
        try scene.write("two\n", to: "tests/b.txt")
        let storage = #", "input": [{"path": "bucket/in"}], "output": [{"path": "bucket/out", "suffix": ["b.txt"]}]"#
        let passing = try test(
            #"{"name": "t", "input": "tests/v.txt", "environment": {"FILES": "1"}, "output": ["d/b.txt"], "response": "bucket"}"#,
            storage)
        #expect(passing.status == 0, "\(passing.text) \(passing.errorText)")
        // No output takes it.
        let failing = try test(
            #"{"name": "t", "input": "tests/v.txt", "environment": {"FILES": "1"}, "output": ["a.txt"]}"#, storage)
        #expect(failing.status == 5)
        #expect(failing.text.contains("no output file a.txt: there are d/b.txt"), "\(failing.text)")
    }

    @Test("say what differed, with the function's last words, and end with status 5")
    func failing() throws {
        try scene.write("onE\n", to: "wanted/a.txt")
        try scene.write("x", to: "wanted/missing")
        try scene.write("two\nand more\n", to: "wanted/d/b.txt")
        try Folder.create("\(scene.path)/empty")
        let result = try test(
            """
            {"name": "good"},
            {"name": "response", "response": "something else"},
            {"name": "bytes", "environment": {"FILES": "1"}, "expected": "wanted"},
            {"name": "patterns", "environment": {"FILES": "1"}, "output": ["*.png", "b.txt"]},
            {"name": "nothing", "output": ["*"], "expected": "empty"},
            {"name": "a failure", "environment": {"FAIL": "1"}},
            {"name": "no failure", "fails": true},
            {"name": "too long", "environment": {"SLEEP": "60"}, "timeout": 1}
            """)
        #expect(result.status == 5)
        #expect(result.errorText.contains("error[test-failed]: 7 of 8 tests failed"))
        #expect(lines(result).first == "ok caged: good")
        #expect(lines(result).dropFirst().allSatisfy { $0.hasPrefix("FAILED caged: ") } && lines(result).count == 8)
        for text in [
            "the response does not hold ‘something else’: {",
            "a.txt differs from \(scene.path)/wanted/a.txt at byte 3: 65 instead of 45",
            "d/b.txt has 4 bytes, and \(scene.path)/wanted/d/b.txt has 13",
            "no output file missing: there are a.txt, d/b.txt", "no output file *.png: there are a.txt, d/b.txt",
            "no output file b.txt: there are", "no output file *: nothing came out",
            "\(scene.path)/empty has no files that could be compared",
            "the function failed: the program ended with exit code 3", "        | words of woe",
            "the function did not fail: it answered {", "it took longer than 1 s",
        ] { #expect(result.text.contains(text), "\(text): \(result.text)") }
    }

    @Test("are told to machines as well")
    func machines() throws {
        let result = try test(#"{"name": "good"}, {"name": "bad", "response": "else"}"#, "", ["--json"])
        #expect(result.status == 5)
        let results = try #require(try JSON.parse(result.output).array)
        #expect(results.map { $0["test"]?.string } == ["good", "bad"])
        #expect(results.map { $0["passed"]?.bool } == [true, false])
        #expect(results.map { $0["problems"]?.array?.count } == [0, 1])
        #expect(results[1]["function"]?.string == "caged")
    }

    /// Puts what `HOW` says where the path library notes down what is missed, and fails.
    private static let forger = #"""
        #include <fcntl.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/stat.h>
        #include <unistd.h>
        int main(void) {
            const char *how = getenv("HOW"), *path = "/mnt/scar-storage/.missed", line[] = "\n/image-marker\n";
            if (!strcmp(how, "folder")) mkdir(path, 0755);
            if (!strcmp(how, "link")) symlink(getenv("HOST"), path);
            if (!strcmp(how, "pipe")) mkfifo(path, 0644);
            if (!strcmp(how, "large")) {
                int file = open(path, O_CREAT | O_WRONLY, 0644);
                lseek(file, 3 << 20, SEEK_SET);
                write(file, line, strlen(line));
            }
            return 3;
        }
        """#

    @Test("that leave something else where notes are taken fail like others, and nothing outside of the cage is read")
    func forgedNotes() throws {
        try scene.write("/image-marker\n", to: "noted")
        _ = try scene.recipe(program: Self.forger)
        let tests = ["folder", "link", "pipe", "large"].map {
            #"{"name": "\#($0)", "environment": {"HOW": "\#($0)", "HOST": "\#(scene.path)/noted"}}"#
        }
        let recipe = try Tool.recipe(
            #"""
            {"name": "caged", "image": "\#(scene.image)", "script": "program", "target": "zip",
             "prune": {"profile": "none", "drop": ["image-marker"]}, "tests": [\#(tests.joined(separator: ", "))]}
            """#, in: scene.path)
        let result = try scene.run("test", recipe, ["--json"])
        #expect(result.status == 5 && result.errorText.contains("4 of 4 tests failed"), "\(result.errorText)")
        let missed = try JSON.parse(result.output).array?.map { $0["missed"]?.array?.count }
        #expect(missed == [0, 0, 0, 1], "\(result.text)")
    }

    @Test("that are not there are no failure; a function that is not there is")
    func none() throws {
        let result = try Tool.run([
            "test", try scene.recipe(script: "script.sh"), "--cache", "\(scene.path)/cache",
        ])
        #expect(result.status == 0 && result.text == "")
        #expect(result.errorText.contains("‘caged’ has no tests"))
        let other = try test(#"{"name": "t"}"#, "", ["--function", "other"])
        #expect(other.status == 2 && other.errorText.contains("‘other’"))
    }

    @Test("that name what is not there are an error, not a failed test")
    func missingFiles() throws {
        let event = try test(#"{"name": "t", "event": "nothing.json"}"#)
        #expect(event.status == 1 && event.errorText.contains("nothing.json"))
        let expected = try test(#"{"name": "t", "expected": "nothing"}"#)
        #expect(expected.status == 1 && expected.errorText.contains("nothing"))
        let input = try test(#"{"name": "t", "input": "script.sh"}"#)
        #expect(input.status == 2 && input.errorText.contains("error[no-input]"))
    }
}
