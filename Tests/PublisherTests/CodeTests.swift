import AWS
import ByteKit
import JSON
import Publisher
import TestKit
import Testing

extension EmulatorTests {
    @Suite("a function")
    struct CodeTests: ~Copyable {
        private let fixture: Fixture

        init() throws { fixture = try Fixture() }

        private func ofImage(_ content: String = "one") throws -> Deployment {
            var deployment = try fixture.deployment()
            deployment.package = nil
            deployment.image = try fixture.image(content)
            return deployment
        }

        private func withLayer(_ content: String = "one") throws -> Deployment {
            var deployment = try fixture.deployment()
            // Another zip in the place of the first one, whose digest is known by then.
            let function = try #require(deployment.package)
            let bytes = try InputFile.contents(of: function.path, limit: 1 << 20)
            let path = fixture.folder.path + "/function.zip"
            try OutputFile.write(bytes, to: path)
            deployment.package = try Deployment.Package(at: path)
            deployment.layer = try fixture.package(content)
            deployment.function.layers = []
            return deployment
        }

        @Test("that is an image is made from it by its digest, in a repository of its own that Lambda may read")
        func image() throws {
            let deployment = try ofImage()
            try fixture.publish(deployment)
            #expect(try fixture.emulator.problems() == [])
            let digest = try #require(deployment.image).digest
            let found = try fixture.emulator.aws("lambda", "get-function", "--function-name", "frames")
            #expect(
                found["Code"]?["ImageUri"]?.string
                    == "123456789012.dkr.ecr.eu-west-1.amazonaws.com/scar-build/frames@\(digest)")
            #expect(found["Configuration"]?["PackageType"]?.string == "Image")
            let policy = try fixture.emulator.aws(
                "ecr", "get-repository-policy", "--repository-name", "scar-build/frames")
            #expect(policy["policyText"]?.string?.contains("lambda.amazonaws.com") == true)
            try fixture.emulator.clear()
            #expect(try fixture.publish(deployment) == [])
            #expect(try fixture.emulator.changes() == [])
            try fixture.remove()
            #expect(try fixture.leftovers() == [])
        }

        @Test("that is an image becomes another, and keeps the images that its kept versions were made from")
        func images() throws {
            for content in ["one", "two", "three"] {
                var deployment = try ofImage(content)
                deployment.keptVersions = 2
                try fixture.publish(deployment)
                #expect(try fixture.publish(deployment) == [])
            }
            let images =
                try fixture.emulator.aws(
                    "ecr", "describe-images", "--repository-name", "scar-build/frames")["imageDetails"]?.array ?? []
            let digests = Set(images.compactMap { $0["imageDigest"]?.string })
            let kept = [try fixture.image("two"), try fixture.image("three")].map { "\($0.digest)" }
            #expect(digests == Set(kept))
            #expect(try fixture.emulator.problems() == [])
        }

        @Test("cannot change from zip to image and back, and is told how it could")
        func kinds() throws {
            try fixture.publish(try fixture.deployment())
            let error = try #require(throws: PublishError.self) { try fixture.publish(try ofImage()) }
            #expect(error.code == .conflict)
            #expect(error.hint?.contains("scar-build rm frames") == true)
            try fixture.remove()
            try fixture.publish(try ofImage())
            #expect(throws: PublishError.self) { try fixture.publish(try fixture.deployment()) }
        }

        @Test("whose repository is somebody else's is refused before anything is made")
        func foreignRepository() throws {
            _ = try fixture.emulator.aws("ecr", "create-repository", "--repository-name", "scar-build/frames")
            try fixture.emulator.clear()
            let error = try #require(throws: PublishError.self) { try fixture.publish(try ofImage()) }
            #expect(error.code == .notOurs)
            #expect(try fixture.emulator.changes() == [])
        }

        @Test("with a layer gets it by content: the same one again for the same bytes, and only the last one stays")
        func layer() throws {
            let deployment = try withLayer()
            try fixture.publish(deployment)
            #expect(try fixture.emulator.problems() == [])
            let arn = "arn:aws:lambda:eu-west-1:123456789012:layer:scar-build-frames"
            func layers() throws -> [String] {
                try fixture.emulator.aws("lambda", "get-function-configuration", "--function-name", "frames")[
                    "Layers"]?.array?.compactMap { $0["Arn"]?.string } ?? []
            }
            #expect(try layers() == ["\(arn):1"])
            try fixture.emulator.clear()
            #expect(try fixture.publish(deployment) == [])
            let other = try withLayer("two")
            #expect(
                try fixture.publish(other) == [
                    "create the layer scar-build-frames", "update the function frames",
                    "update the alias frames:live", "remove the layer scar-build-frames:1",
                ])
            #expect(try layers() == ["\(arn):2"])
            #expect(try fixture.publish(other) == [])
            #expect(try fixture.emulator.problems() == [])
            try fixture.remove()
            #expect(try fixture.leftovers() == [])
        }

        @Test("with a layer that is too large for a request gets it by way of a bucket")
        func largeLayer() throws {
            var options = fixture.options
            options.directUploadLimit = 10
            try fixture.publish(try withLayer(), options: options)
            let changes = try fixture.emulator.changes()
            let made = try #require(changes.firstIndex(of: "PublishLayerVersion"))
            #expect(changes[made - 1] == "PutObject")
            #expect(changes[made + 1] == "DeleteObject")
            #expect(try fixture.emulator.problems() == [])
        }

        @Test("of image or layer is completed after it was stopped, at whichever change", arguments: [true, false])
        func killed(isImage: Bool) throws {
            let steps = try fixture.stopEverywhere(every: 3) { isImage ? try ofImage() : try withLayer() }
            #expect(steps >= 12)
        }

        @Test(
            "has a repository whose name registries take, and no other function's",
            arguments: [
                ("frames", "scar-build/frames"), ("a-b_c", "scar-build/a-b_c"),
                ("Frames", "scar-build/frames-\(Digest(of: Array("Frames".utf8)).hex.prefix(8))"),
                ("a__b-", "scar-build/a_b-\(Digest(of: Array("a__b-".utf8)).hex.prefix(8))"),
                ("-_-", "scar-build/\(Digest(of: Array("-_-".utf8)).hex.prefix(8))"),
            ])
        func repositories(function: String, name: String) {
            #expect(Session.repositoryName(function) == name)
        }
    }
}
