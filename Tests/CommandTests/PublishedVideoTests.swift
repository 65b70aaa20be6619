import ByteKit
import JSON
import TestKit
import Testing

/// SCAR's video workflow as its papers have it: a job of AWS Batch splits a film into pictures and sound, and a function does
/// something with each picture. The film, the pictures and the programs are real.
@Suite(
    "The video workflow of a function file,", .serialized,
    .enabled(
        if: AWSEmulator.isInstalled && CageScene.isPossible, "needs moto, bubblewrap and a registry: scripts/setup test"
    ),
    .enabled(if: RuntimeEmulator.path != nil, Comment(rawValue: RuntimeEmulator.absence)),
    .enabled(if: Testbed.serves("ffmpeg", "ruby"), Testbed.reason("ffmpeg", "ruby")))
struct PublishedVideoTests {
    private static let shared = Result { try AWSEmulator() }

    /// The first function is made from the image that its jobs run in, the second from a zip.
    private static let functions = """
        functions:
          aws:
          - lambda:
              name: split-video
              runtime: image
              execution_mode: batch
              init_script: split.sh
              container: {image: 'jrottenberg/ffmpeg:4.1-ubuntu'}
              input:
              - {storage_provider: s3, path: videos/in, suffix: [.mp4]}
              output:
              - {storage_provider: s3, path: videos/frames, prefix: [frame-]}
              - {storage_provider: s3, path: videos/audio, suffix: [.wav]}
          - lambda:
              name: negative
              init_script: negative.rb
              container: {image: 'ruby:3.1-slim-bookworm'}
              input:
              - {storage_provider: s3, path: videos/frames}
              output:
              - {storage_provider: s3, path: pictures/negative}
        """

    /// Two seconds of a picture that moves, and of a sound, as ffmpeg made them; docs/recipes.md has the command.
    private static let film = Products.repository + "/recipes/ffmpeg/test/film.mp4"

    private static let split = """
        #!/bin/sh
        set -eu
        ffmpeg -nostdin -hide_banner -loglevel error -i "$INPUT_FILE_PATH" \\
            -map 0:v:0 -vf fps=2 -pix_fmt rgb24 -pred none -f image2 "$TMP_OUTPUT_DIR/frame-%02d.png" \\
            -map 0:a:0 -c:a pcm_s16le "$TMP_OUTPUT_DIR/sound.wav"
        """

    private static let negative = #"""
        #!/usr/bin/env ruby
        require "zlib"

        signature, place = "\x89PNG\r\n\x1A\n".b, 8
        picture = File.binread(ENV.fetch("INPUT_FILE_PATH"))
        raise "this is no PNG" unless picture.start_with?(signature)

        head, data = nil, "".b
        while place < picture.size
          size, kind = picture[place, 8].unpack("Na4")
          content = picture[place + 8, size]
          head = content if kind == "IHDR"
          data << content if kind == "IDAT"
          place += 12 + size
        end
        rows = Zlib.inflate(data).bytes.each_slice(1 + 3 * head.unpack1("N")).map do |filter, *colours|
          raise "a row is filtered" unless filter.zero?
          [0, *colours.map { |colour| 255 - colour }].pack("C*")
        end
        chunk = ->(kind, content) { [content.size].pack("N") + kind + content + [Zlib.crc32(kind + content)].pack("N") }
        File.binwrite(
          File.join(ENV.fetch("TMP_OUTPUT_DIR"), File.basename(ENV.fetch("INPUT_FILE_PATH"))),
          signature + chunk.("IHDR", head) + chunk.("IDAT", Zlib.deflate(rows.join)) + chunk.("IEND", ""))
        """#

    /// A picture's size, and its pixels.
    private struct Picture: Equatable {
        var size: String
        var colours: [UInt8]

        init(_ line: Substring) {
            let words = line.split(separator: " ")
            size = words.dropLast().joined(separator: "×")
            let digits = words.last.map { Array($0.utf8) } ?? []
            colours = stride(from: 0, to: digits.count - 1, by: 2).compactMap {
                UInt8(String(decoding: digits[$0...($0 + 1)], as: UTF8.self), radix: 16)
            }
        }
    }

    private static let frames = ["frame-01.png", "frame-02.png", "frame-03.png", "frame-04.png"]

    /// The pictures below a place in the account, each read by another program.
    private func pictures(
        _ workflow: borrowing PublishedWorkflow, _ place: String, _ name: String
    ) throws -> [Picture] {
        let folder = "\(workflow.path)/\(name)"
        let got = try workflow.run("get", place, folder)
        try #require(got.status == 0, "\(got.errorText)")
        let oracle = "\(Products.repository)/Tests/Oracles/read-png.py"
        let read = try Peer.run("python3", [oracle] + Self.frames.map { "\(folder)/\($0)" })
        try #require(read.status == 0, "\(read.errorText)")
        return read.text.split(separator: "\n").map(Picture.init)
    }

    @Test("has a job split a film that ffmpeg made, and a function turn each picture into its negative")
    func workflow() throws {
        let registry = try RegistryProcess()
        let workflow = try PublishedWorkflow(try Self.shared.get())
        try workflow.emulator.attach(registry)
        for (name, text) in [("split.sh", Self.split), ("negative.rb", Self.negative)] {
            try workflow.write(text, to: name)
        }
        let file = try workflow.write(Self.functions, to: "workflow.yaml")
        let published = try workflow.run("publish", "-f", file, "-o", workflow.path + "/out", "-q")
        try #require(published.status == 0, "\(published.errorText)")
        let kind = try workflow.emulator.aws("lambda", "get-function", "--function-name", "split-video")
        #expect(kind["Configuration"]?["PackageType"]?.string == "Image")
        try workflow.emulator.clear()

        let calls = try workflow.store(Self.film, in: "videos", as: "in/film.mp4")
        let names = calls.map { $0["function"]?.string ?? "job of \($0["job"]?.string ?? "")" }
        #expect(names == ["split-video", "job of split-video"] + Self.frames.map { _ in "negative" }, "\(calls)")
        let job = calls.first { $0["job"] != nil }
        #expect(job?["code"]?.integer == 0, "\(job?["log"]?.string ?? "")")
        for call in calls {
            let answer = call["answer"]?.string ?? ""
            #expect(!answer.contains("errorType"), "\(answer)")
        }
        #expect(
            try workflow.keys("videos")
                == ["audio/sound.wav"] + Self.frames.map { "frames/\($0)" } + ["in/film.mp4"])
        #expect(try workflow.keys("pictures") == Self.frames.map { "negative/\($0)" })

        let positives = try pictures(workflow, "s3://videos/frames", "positives")
        let negatives = try pictures(workflow, "s3://pictures/negative", "negatives")
        #expect(positives.map(\.size) == Self.frames.map { _ in "96×64" })
        #expect(Set(positives.map { Digest(of: $0.colours) }).count == Self.frames.count)
        for (positive, negative) in zip(positives, negatives) {
            #expect(negative.size == positive.size)
            #expect(negative.colours == positive.colours.map { 255 - $0 })
        }
        let got = try workflow.run("get", "s3://videos/audio", workflow.path + "/audio")
        #expect(got.status == 0, "\(got.errorText)")
        let sound = try InputFile.contents(of: workflow.path + "/audio/sound.wav", limit: 1 << 20)
        // Two seconds of 44,100 samples of two bytes, and a header.
        #expect(sound.starts(with: Array("RIFF".utf8)) && sound[8..<12].elementsEqual("WAVE".utf8))
        #expect(sound.count > 170_000 && sound.count < 190_000)

        #expect(try workflow.emulator.problems() == [])
        #expect(try Set(workflow.used(by: "split-video").map(\.action)) == ["batch:SubmitJob"])
        for function in ["split-video.job", "negative"] { try workflow.checkRights(of: function) }
        let again = try workflow.run("publish", "-f", file, "-o", workflow.path + "/out", "--plan")
        for function in ["split-video", "negative"] {
            let nothing = "\(function) in eu-west-1, account 123456789012: nothing to change"
            #expect(again.text.contains(nothing), "\(again.text)")
        }
        try workflow.checkRemoval(by: file, kept: "pictures")
    }
}
