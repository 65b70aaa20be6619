import ByteKit
import JSON
import TestKit
import Testing

/// What was published is what runs: the uploaded code, called by the events that the buckets' notifications describe.
@Suite(
    "A published workflow of a function file,", .serialized,
    .enabled(
        if: AWSEmulator.isInstalled && CageScene.isPossible, "needs moto, bubblewrap and a registry: scripts/setup test"
    ),
    .enabled(if: RuntimeEmulator.path != nil, Comment(rawValue: RuntimeEmulator.absence)))
struct PublishedRunTests {
    private static let shared = Result { try AWSEmulator() }

    /// The shape of SCAR's video workflow, with texts: one function splits a file, another looks at each part.
    ///
    /// - Parameter execution: where the first one runs.
    private static func functionFile(_ image: String, execution: String = "lambda") -> String {
        """
        functions:
          aws:
          - lambda:
              name: split-video
              execution_mode: \(execution)
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
        for function in ["split-video", "look-at-frame"] { try workflow.checkRights(of: function) }
        let again = try workflow.run("publish", "-f", file, "-o", workflow.path + "/out", "--plan")
        #expect(again.text.contains("split-video in eu-west-1, account 123456789012: nothing to change"))
        #expect(again.text.contains("look-at-frame in eu-west-1, account 123456789012: nothing to change"))
    }

    private static let split = """
        #!/bin/sh
        n=0
        while read -r line; do
            n=$((n + 1))
            echo "$line" >"$TMP_OUTPUT_DIR/frame-$n.txt"
        done <"$INPUT_FILE_PATH"
        echo sound >"$TMP_OUTPUT_DIR/sound.wav"
        echo nobody >"$TMP_OUTPUT_DIR/wants.this"
        """

    /// The scripts of both functions, and their file.
    private func write(_ workflow: borrowing PublishedWorkflow, _ functions: String) throws -> String {
        try workflow.write(Self.split, to: "split.sh")
        try workflow.write(
            "#!/bin/sh\nsha256sum <\"$INPUT_FILE_PATH\" >\"$TMP_OUTPUT_DIR/$(basename \"$INPUT_FILE_PATH\").sum\"\n",
            to: "look.sh")
        return try workflow.write(functions, to: "workflow.yaml")
    }

    @Test("runs from a new object to the last output, with the rights that were made for it and in use of all of them")
    func workflow() throws {
        let scene = try CageScene()
        let workflow = try PublishedWorkflow(try Self.shared.get())
        let file = try write(workflow, Self.functionFile(scene.image))
        let video = try workflow.write("one\ntwo\nthree\n", to: "video")
        try check(workflow, file, video: video, frames: ["frame-1.txt", "frame-2.txt", "frame-3.txt"])
        let sum = Digest(of: Array("two\n".utf8)).hex
        let got = try workflow.run("get", "s3://results/found", workflow.path + "/got")
        #expect(got.status == 0, "\(got.errorText)")
        let text = try InputFile.contents(of: workflow.path + "/got/frame-2.txt.sum", limit: 999)
        #expect(String(decoding: text, as: UTF8.self).hasPrefix(sum))
        try workflow.checkRemoval(by: file, kept: "results")
    }

    @Test("whose first step is a job of AWS Batch runs it in the image that was pushed, with its own role's rights")
    func job() throws {
        let scene = try CageScene()
        let registry = try RegistryProcess()
        let workflow = try PublishedWorkflow(try Self.shared.get())
        try workflow.emulator.attach(registry)
        let file = try write(workflow, Self.functionFile(scene.image, execution: "batch"))
        let published = try workflow.run("publish", "-f", file, "-o", workflow.path + "/out", "-q")
        try #require(published.status == 0, "\(published.errorText)")
        try workflow.emulator.clear()
        let video = try workflow.write("one\ntwo\n", to: "video")
        let calls = try workflow.store(video, in: "videos", as: "in/my clip+1.mp4")
        let names = calls.map { $0["function"]?.string ?? "job of \($0["job"]?.string ?? "")" }
        #expect(names == ["split-video", "job of split-video", "look-at-frame", "look-at-frame"], "\(calls)")
        let answer = try JSON.parse(try #require(calls.first?["answer"]?.utf8))
        #expect(answer["jobs"]?.array?.count == 1)
        #expect(answer["outputs"]?.array?.isEmpty == true)
        let job = try #require(calls.dropFirst().first)
        #expect(job["code"]?.integer == 0, "\(job["log"]?.string ?? "")")
        let definitions = try workflow.emulator.aws("batch", "describe-job-definitions", "--status", "ACTIVE")
        let image = definitions["jobDefinitions"]?[0]?["containerProperties"]?["image"]?.string
        #expect(image?.hasPrefix("\(RegistryProcess.Login.ecrHost)/scar-build/split-video@sha256:") == true)
        #expect(job["image"]?.string == image)
        let made = try workflow.keys("videos").filter { !$0.hasPrefix("in/") }
        #expect(made == ["audio/sound.wav", "frames/frame-1.txt", "frames/frame-2.txt"])
        #expect(try workflow.keys("results") == ["found/frame-1.txt.sum", "found/frame-2.txt.sum"])
        #expect(try workflow.emulator.problems() == [])
        // The function only hands over; what it was about is the job's business.
        #expect(try Set(workflow.used(by: "split-video").map(\.action)) == ["batch:SubmitJob"])
        let granted = Set(try workflow.granted(to: "split-video").map(\.action))
        #expect(granted == ["batch:SubmitJob", "logs:CreateLogStream", "logs:PutLogEvents"])
        try workflow.checkRights(of: "split-video.job")
        try workflow.checkRights(of: "look-at-frame")
        let again = try workflow.run("publish", "-f", file, "-o", workflow.path + "/out", "--plan")
        let nothing = "split-video in eu-west-1, account 123456789012: nothing to change"
        #expect(again.text.contains(nothing), "\(again.text)")
        try workflow.checkRemoval(by: file, kept: "results")
    }

    @Test("whose image's files are a layer finds them beneath what was uploaded for the function itself")
    func layer() throws {
        let scene = try CageScene()
        let workflow = try PublishedWorkflow(try Self.shared.get())
        try workflow.write(
            "#!/bin/sh\nset -e\ncat /image-marker >\"$TMP_OUTPUT_DIR/marker\"\ncat \"$INPUT_FILE_PATH\" >>\"$TMP_OUTPUT_DIR/marker\"\n",
            to: "mark.sh")
        let recipe = try workflow.write(
            """
            {"name": "mark", "image": "\(scene.image)", "script": "mark.sh", "target": "layer",
             "input": [{"storage": "s3", "path": "letters/in"}], "output": [{"storage": "s3", "path": "letters/out"}]}
            """, to: "mark.json")
        let published = try workflow.run("publish", recipe, "-o", workflow.path + "/out", "-q")
        try #require(published.status == 0, "\(published.errorText)")
        let function = try workflow.emulator.aws("lambda", "get-function", "--function-name", "mark:live")
        #expect(function["Configuration"]?["Layers"]?.array?.count == 1)
        try workflow.emulator.clear()
        let letter = try workflow.write(" and letter", to: "letter")
        let calls = try workflow.store(letter, in: "letters", as: "in/letter")
        #expect(calls.count == 1, "\(calls)")
        #expect(try workflow.keys("letters") == ["in/letter", "out/marker"], "\(calls)")
        let got = try workflow.run("get", "s3://letters/out", workflow.path + "/got")
        #expect(got.status == 0, "\(got.errorText)")
        let text = try InputFile.contents(of: workflow.path + "/got/marker", limit: 999)
        #expect(String(decoding: text, as: UTF8.self) == "image and letter")
        #expect(try workflow.emulator.problems() == [])
        try workflow.checkRights(of: "mark")
        try workflow.checkRemoval(by: recipe, kept: "letters")
    }
}
