import AWS
import ByteKit
import JSON
import Publisher
import TestKit
import Testing

extension EmulatorTests {
    @Suite("a function in a runtime")
    struct RuntimeTests: ~Copyable {
        private let fixture: Fixture

        init() throws { fixture = try Fixture() }

        private func deployment(
            _ image: String = "one", script: String = "#!/bin/sh\n", name: String = "frames", shared: String? = nil
        ) throws -> Deployment {
            var deployment = try zip(script, name: name)
            deployment.runtime = Deployment.Runtime(name: shared, image: try fixture.image(image))
            return deployment
        }

        /// The function alone, with nothing around it.
        private func zip(_ script: String, name: String = "frames") throws -> Deployment {
            var deployment = try fixture.deployment(name, content: script)
            (deployment.inputs, deployment.outputs, deployment.api) = ([], [], nil)
            return deployment
        }

        /// What a version of an image is called.
        private func version(_ image: String) throws -> String { "sha256-\(try fixture.image(image).digest.hex)" }

        private func versions(
            _ runtime: String = "scar-build-frames", _ state: RuntimesAPI.State = .active
        ) throws -> [String] {
            try fixture.session().runtimes.versions(of: runtime).filter { $0.state == state }.map(\.name)
        }

        /// What a function's alias for an image is called.
        private func alias(_ image: String, _ function: String = "frames") throws -> String {
            "\(function).\(try fixture.image(image).digest.hex.prefix(16))"
        }

        /// The version of the runtime that callers of the function run in.
        private func version(
            calledBy function: String = "frames", of runtime: String = "scar-build-frames"
        ) throws -> String? {
            guard let alias = try self.runtime(of: function)?.alias else { return nil }
            return try fixture.session().runtimes.alias(alias, of: runtime)?.version
        }

        private func runtime(of function: String = "frames") throws -> FunctionSettings.ManagedRuntime? {
            try fixture.session().lambda.function(function, qualifier: "live")?.settings.managedRuntime
        }

        /// The changes of runtimes since the last reset or clear.
        private func runtimeChanges() throws -> [String] {
            try fixture.emulator.requests().filter { $0.service == "lambda-core" && $0.changes }.map(\.operation)
        }

        private static let arn = "arn:aws:lambda:eu-west-1:123456789012:runtime/"

        @Test("gets one of its own from its image: asked about first, then made, with an alias that the function names")
        func made() throws {
            let deployment = try deployment()
            try fixture.publish(deployment)
            #expect(try fixture.emulator.problems() == [])
            #expect(
                try runtimeChanges() == [
                    "CreateRuntime", "CreateRuntimeVersion", "CreateRuntimeVersion", "CreateRuntimeAlias",
                ])
            #expect(try versions() == [version("one")])
            #expect(try version(calledBy: "frames") == version("one"))
            let function = try #require(try fixture.session().lambda.function("frames"))
            #expect(function.settings.runtime == "custom" && function.packageType == "Zip")
            #expect(
                try function.settings.managedRuntime == .init(arn: Self.arn + "scar-build-frames", alias: alias("one")))
            let repository = try fixture.emulator.aws(
                "ecr", "describe-images", "--repository-name", "scar-build/runtimes/scar-build-frames")
            let digests = repository["imageDetails"]?.array?.map { $0["imageDigest"]?.string }
            #expect(digests == ["\(try fixture.image().digest)"])
            try fixture.emulator.clear()
            #expect(try fixture.publish(deployment) == [])
            #expect(try fixture.emulator.changes() == [])
        }

        @Test("with another script is another zip, and nothing of the runtime changes")
        func script() throws {
            try fixture.publish(try deployment())
            try fixture.emulator.clear()
            let other = try deployment(script: "#!/bin/sh\necho two\n")
            #expect(try fixture.publish(other) == ["update the function frames", "update the alias frames:live"])
            #expect(try runtimeChanges() == [])
            #expect(try fixture.publish(other) == [])
        }

        @Test("with another image gets another version, with an alias of its own, that another version of it names")
        func image() throws {
            try fixture.publish(try deployment())
            let other = try deployment("two")
            let (digest, version) = (try fixture.image("two").digest, try version("two"))
            #expect(
                try fixture.publish(other) == [
                    "create the image scar-build/runtimes/scar-build-frames@\(digest)",
                    "create the runtime version scar-build-frames:\(version)",
                    "create the runtime alias scar-build-frames:\(alias("two"))", "update the function frames",
                    "update the alias frames:live",
                ])
            #expect(try self.version(calledBy: "frames") == version)
            #expect(try Set(versions()) == [self.version("one"), version])
            #expect(try fixture.publish(other) == [])
            #expect(try fixture.emulator.problems() == [])
        }

        @Test("goes back to the image that it had, too, and forward again")
        func rollback() throws {
            try fixture.publish(try deployment())
            let other = try deployment("two")
            try fixture.publish(other)
            let back = try Inventory(try fixture.session()).rollBack("frames")
            #expect(back == ("2", "1"))
            #expect(try version(calledBy: "frames") == version("one"))
            try fixture.publish(other)
            #expect(try version(calledBy: "frames") == version("two"))
            #expect(try fixture.publish(other) == [])
        }

        @Test("keeps what its kept versions run in, and no more; what has gone gets another name when it comes back")
        func oldVersions() throws {
            for image in ["one", "two", "three", "four"] {
                var deployment = try deployment(image)
                deployment.keptVersions = 2
                try fixture.publish(deployment)
                #expect(try fixture.publish(deployment) == [], "\(image)")
            }
            #expect(try Set(versions()) == [version("three"), version("four")])
            let images =
                try fixture.emulator.aws(
                    "ecr", "describe-images", "--repository-name", "scar-build/runtimes/scar-build-frames")[
                    "imageDetails"]?.array ?? []
            let kept = [try fixture.image("three"), try fixture.image("four")].map { "\($0.digest)" }
            #expect(Set(images.compactMap { $0["imageDigest"]?.string }) == Set(kept))
            var deployment = try deployment("one")
            deployment.keptVersions = 2
            try fixture.publish(deployment)
            #expect(try runtime()?.alias == alias("one") + ".2")
            #expect(try version(calledBy: "frames") == version("one") + ".2")
            #expect(try fixture.publish(deployment) == [])
            #expect(try fixture.emulator.problems() == [])
        }

        @Test("whose image Lambda refuses is told why before a version has a name, and callers stay where they are")
        func refused() throws {
            try fixture.publish(try deployment())
            let error = try #require(throws: InterruptedPublication.self) {
                try fixture.publish(try deployment("refused"))
            }
            #expect(error.diagnostic.message.contains("no bootstrap that starts the runtime"))
            #expect(error.diagnostic.message.hasPrefix("create the runtime version scar-build-frames:"))
            let all = try fixture.session().runtimes.versions(of: "scar-build-frames").map(\.name)
            #expect(try all == [version("one")])
            #expect(try version(calledBy: "frames") == version("one"))
            try fixture.publish(try deployment("two"))
            #expect(try version(calledBy: "frames") == version("two"))
        }

        @Test("whose version fails says so and of which image; the next attempt has another name, and what failed goes")
        func failed() throws {
            for name in [try version("broken"), try version("broken") + ".2"] {
                let error = try #require(throws: InterruptedPublication.self) {
                    try fixture.publish(try deployment("broken"))
                }
                #expect(error.diagnostic.message.contains("version \(name) of the runtime scar-build-frames is FAILED"))
                #expect(error.diagnostic.message.contains("@\(try fixture.image("broken").digest)"))
                #expect(error.diagnostic.hint?.contains("docs/publish.md") == true)
            }
            #expect(try versions("scar-build-frames", .failed).count == 2)
            try fixture.publish(try deployment("two"))
            #expect(try versions("scar-build-frames", .failed) == [])
            #expect(try versions() == [version("two")])
            #expect(try fixture.publish(try deployment("two")) == [])
            #expect(try fixture.emulator.problems() == [])
        }

        @Test("is completed after it was stopped, at whichever change, and removed without a rest")
        func killed() throws {
            let steps = try fixture.stopEverywhere {
                try deployment()
            } check: {
                let (called, wanted) = (try version(calledBy: "frames"), try version("one"))
                #expect(called == wanted)
            }
            #expect(steps >= 10)
        }

        @Test("gets its callers to another image after it was stopped, at whichever change")
        func killedWhileMoving() throws {
            var steps = 0
            while true {
                try fixture.emulator.reset()
                try fixture.publish(try deployment())
                try fixture.emulator.clear()
                try fixture.emulator.cut(afterChanges: steps)
                let other = try deployment("two")
                if (try? fixture.publish(other)) != nil { break }
                try fixture.emulator.clear()
                try fixture.publish(other)
                #expect(try version(calledBy: "frames") == version("two"), "stopped after \(steps) changes")
                #expect(try fixture.publish(other) == [], "stopped after \(steps) changes")
                steps += 1
            }
            #expect(steps >= 3)
        }

        @Test(
            "is removed with all that is its own, wherever the removal was stopped before, and says what Lambda keeps")
        func removal() throws {
            let steps = try fixture.stopRemovalEverywhere {
                try deployment()
            } check: {
                let kept = try Removal(try fixture.session()).plan("frames").kept
                #expect(
                    kept == ["the name of the runtime scar-build-frames: Lambda keeps what is deleted for 7 days"])
            }
            #expect(steps >= 6)
        }

        @Test("whose runtime was made unheard, because an answer was lost, uses that")
        func lostAnswers() throws {
            let session = try fixture.session()
            var plan = try FunctionPublisher(session, options: fixture.options).plan(try deployment())
            try fixture.publish(try deployment())
            plan.changes = plan.changes.filter { $0.kind.hasPrefix("runtime") }
            #expect(plan.changes.count == 3)
            try FunctionPublisher(session).apply(plan) { _, _ in }
            #expect(try versions() == [version("one")])
            #expect(try fixture.publish(try deployment()) == [])
        }

        @Test("that was removed gets a runtime of another name while Lambda keeps the first one's, and keeps that")
        func again() throws {
            try fixture.publish(try deployment())
            try fixture.remove()
            try fixture.publish(try deployment())
            #expect(try runtime() == .init(arn: Self.arn + "scar-build-frames.2", alias: alias("one")))
            #expect(try fixture.publish(try deployment()) == [])
            try fixture.remove()
            #expect(try fixture.leftovers() == [])
            #expect(try fixture.emulator.problems() == [])
        }

        @Test(
            "that shares its runtime has an alias of its own there, and leaves the runtime to the others when it goes")
        func shared() throws {
            try fixture.publish(try deployment(shared: "company-ruby"))
            try fixture.emulator.clear()
            let faces = try deployment(name: "faces", shared: "company-ruby")
            try fixture.publish(faces)
            #expect(try runtimeChanges() == ["CreateRuntimeAlias"])
            #expect(
                try runtime(of: "faces") == .init(arn: Self.arn + "company-ruby", alias: alias("one", "faces")))
            let two = try deployment("two", name: "faces", shared: "company-ruby")
            try fixture.publish(two)
            #expect(try version(calledBy: "frames", of: "company-ruby") == version("one"))
            #expect(try version(calledBy: "faces", of: "company-ruby") == version("two"))
            let kept = try Removal(try fixture.session()).plan("frames").kept
            #expect(kept.contains("the runtime company-ruby, which other functions use"))
            try fixture.remove("frames")
            #expect(try fixture.publish(two) == [])
            try fixture.remove("faces")
            #expect(try fixture.leftovers() == [])
            #expect(try fixture.emulator.problems() == [])
        }

        @Test("leaves its runtime to a function that came to use it after the removal was planned")
        func sharedLate() throws {
            try fixture.publish(try deployment(shared: "company-ruby"))
            let plan = try Removal(try fixture.session()).plan("frames").plan
            let faces = try deployment(name: "faces", shared: "company-ruby")
            try fixture.publish(faces)
            #expect(throws: (any Error).self) { try FunctionPublisher(try fixture.session()).apply(plan) { _, _ in } }
            #expect(try fixture.publish(faces) == [])
            try fixture.remove("frames")
            #expect(try fixture.publish(faces) == [])
        }

        @Test("finds a runtime of somebody else's under the name, and nothing is changed")
        func foreign() throws {
            try fixture.session().runtimes.create("company-ruby", description: "ours", tags: [:])
            try fixture.emulator.clear()
            let error = try #require(throws: PublishError.self) {
                try fixture.publish(try deployment(shared: "company-ruby"))
            }
            #expect(error.code == .notOurs)
            #expect(error.hint?.contains("function.runtime") == true)
            #expect(try fixture.emulator.changes() == [])
        }

        @Test("does not take for its own a runtime of another account, which shares it")
        func otherAccount() throws {
            try fixture.emulator.answer(
                "ListRuntimes",
                with: """
                    {"Items": [{"Name": "scar-build-frames", "Created": "2026-11-01", "LastModified": "2026-11-01",
                                "Arn": "arn:aws:lambda:eu-west-1:210987654321:runtime/scar-build-frames"}]}
                    """)
            let plan = try FunctionPublisher(try fixture.session()).plan(try deployment())
            #expect(plan.changes.contains { $0.title == "create the runtime scar-build-frames" })
        }

        @Test("that becomes a zip keeps the runtime as long as a kept version runs in it")
        func becomesZip() throws {
            try fixture.publish(try deployment())
            var zip = try self.zip("#!/bin/sh\necho alone\n")
            zip.keptVersions = 2
            try fixture.publish(zip)
            #expect(try runtime() == nil)
            #expect(try fixture.session().lambda.function("frames")?.settings.runtime == "provided.al2023")
            #expect(try versions() == [version("one")])
            #expect(try fixture.publish(zip) == [])
            var next = try self.zip("#!/bin/sh\necho still alone\n")
            next.keptVersions = 2
            let changes = try fixture.publish(next)
            #expect(changes.contains("remove the runtime scar-build-frames"))
            #expect(try fixture.publish(next) == [])
            #expect(try fixture.leftovers().filter { $0.hasPrefix("lambda-core") || $0.hasPrefix("ecr") } == [])
            #expect(try fixture.emulator.problems() == [])
        }

        @Test(
            "has an alias that Lambda takes, whatever the function's name is",
            arguments: [("a-b_c", "a-b_c"), ("-a", "_.-a"), ("a-", "a-"), ("_", "_")])
        func aliasNames(function: String, beginning: String) throws {
            try fixture.publish(try deployment(name: function, shared: "company-ruby"))
            let alias = try alias("one", beginning)
            #expect(try runtime(of: function)?.alias == alias)
            try fixture.publish(try deployment("two", name: "a", shared: "company-ruby"))
            try fixture.remove("a")
            #expect(try fixture.session().runtimes.alias(alias, of: "company-ruby")?.state == .active)
            try fixture.remove(function)
            #expect(try fixture.leftovers() == [])
        }
    }
}
