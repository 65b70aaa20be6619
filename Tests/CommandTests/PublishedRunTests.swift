import ByteKit
import JSON
import TestKit
import Testing

/// What was published is what runs: the uploaded code, called by the events that the buckets' notifications describe.
@Suite(
    "A published workflow of a function file,", .serialized,
    .enabled(
        if: AWSEmulator.isInstalled && CageScene.isPossible && PublishedWorkflow.runtime != nil,
        "needs moto, bubblewrap, a registry and AWS's Runtime Interface Emulator: scripts/setup test"))
struct PublishedRunTests {
    private static let shared = Result { try AWSEmulator() }

    /// SCAR's video workflow: one function splits a video into frames and sound, another looks at each frame.
    private static func functionFile(_ image: String) -> String {
        """
        functions:
          aws:
          - lambda:
              name: split-video
              init_script: split.sh
              timeout: 60
              container: {image: '\(image)'}
              input:
              - {storage_provider: s3, path: videos/in, suffix: [.mp4]}
              output:
              - {storage_provider: s3, path: videos/frames, prefix: [frame-]}
              - {storage_provider: s3, path: videos/audio, suffix: [.wav]}
          - lambda:
              name: look-at-frame
              init_script: look.sh
              timeout: 60
              container: {image: '\(image)'}
              input:
              - {storage_provider: s3, path: videos/frames}
              output:
              - {storage_provider: s3, path: results/found}
        """
    }

    /// Publishes, stores a video, and looks at everything that came of it.
    private func check(_ workflow: borrowing PublishedWorkflow, _ file: String, video: String, frames: [String]) throws
    {
        let published = try workflow.run("publish", "-f", file, "-o", workflow.path + "/out", "-q")
        try #require(published.status == 0, "\(published.errorText)")
        #expect(published.text.split(separator: "\n").count == 2)
        try workflow.emulator.clear()
        let calls = try workflow.store(video, in: "videos", as: "in/my clip+1.mp4")
        let names = calls.map { $0["function"]?.string ?? "" }
        #expect(names == ["split-video"] + frames.map { _ in "look-at-frame" }, "\(calls)")
        for call in calls {
            let answer = call["answer"]?.string ?? ""
            #expect(!answer.contains("errorType"), "\(answer)")
        }
        #expect(try workflow.keys("videos").filter { $0.hasPrefix("frames/") } == frames.map { "frames/\($0)" })
        #expect(try workflow.keys("videos").filter { $0.hasPrefix("audio/") } == ["audio/sound.wav"])
        #expect(try workflow.keys("results") == frames.map { "found/\($0).sum" })
        #expect(try workflow.emulator.problems() == [])
        for function in ["split-video", "look-at-frame"] { try checkRights(workflow, function) }
        let again = try workflow.run("publish", "-f", file, "-o", workflow.path + "/out", "--plan")
        #expect(again.text.contains("split-video in eu-west-1, account 123456789012: nothing to change"))
        #expect(again.text.contains("look-at-frame in eu-west-1, account 123456789012: nothing to change"))
    }

    /// What was published from a file goes by the file, and twice is an error; files that are in buckets stay.
    private func checkRemoval(_ workflow: borrowing PublishedWorkflow, _ file: String) throws {
        let removed = try workflow.run("rm", "-f", file)
        #expect(removed.status == 0, "\(removed.errorText)")
        #expect(removed.errorText.contains("kept  the bucket results, which holds files"))
        #expect(try workflow.emulator.aws("lambda", "list-functions")["Functions"]?.array?.isEmpty == true)
        #expect(try workflow.emulator.aws("iam", "list-roles")["Roles"]?.array?.isEmpty == true)
        let again = try workflow.run("rm", "-f", file)
        #expect(again.status == 1)
        #expect(again.errorText.contains("error[not-found]"))
        #expect(try workflow.emulator.problems() == [])
    }

    /// The policy is what the run used: no less, and no more but for what only trouble and Lambda itself need.
    private func checkRights(_ workflow: borrowing PublishedWorkflow, _ function: String) throws {
        let (granted, used) = (try workflow.granted(to: function), try workflow.used(by: function))
        #expect(!used.isEmpty)
        for right in used { #expect(granted.contains { $0.allows(right) }, "\(function) did \(right)") }
        let unused = granted.filter { right in !used.contains { right.allows($0) } }
        let excused = unused.filter { $0.action.hasPrefix("logs:") || $0.action == "s3:AbortMultipartUpload" }
        #expect(unused.subtracting(excused).isEmpty, "\(function) never did \(unused.subtracting(excused))")
    }

    @Test("runs from a new object to the last output, with the rights that were made for it and in use of all of them")
    func workflow() throws {
        let scene = try CageScene()
        let workflow = try PublishedWorkflow(try Self.shared.get())
        try workflow.write(
            """
            #!/bin/sh
            n=0
            while read -r line; do
                n=$((n + 1))
                echo "$line" >"$TMP_OUTPUT_DIR/frame-$n.txt"
            done <"$INPUT_FILE_PATH"
            echo sound >"$TMP_OUTPUT_DIR/sound.wav"
            echo nobody >"$TMP_OUTPUT_DIR/wants.this"
            """, to: "split.sh")
        try workflow.write(
            "#!/bin/sh\nsha256sum <\"$INPUT_FILE_PATH\" >\"$TMP_OUTPUT_DIR/$(basename \"$INPUT_FILE_PATH\").sum\"\n",
            to: "look.sh")
        let file = try workflow.write(Self.functionFile(scene.image), to: "workflow.yaml")
        let video = try workflow.write("one\ntwo\nthree\n", to: "video")
        try check(workflow, file, video: video, frames: ["frame-1.txt", "frame-2.txt", "frame-3.txt"])
        let sum = Digest(of: Array("two\n".utf8)).hex
        let got = try workflow.run("get", "s3://results/found", workflow.path + "/got")
        #expect(got.status == 0, "\(got.errorText)")
        let text = try InputFile.contents(of: workflow.path + "/got/frame-2.txt.sum", limit: 999)
        #expect(String(decoding: text, as: UTF8.self).hasPrefix(sum))
        try checkRemoval(workflow, file)
    }
}
