import AWS
import ByteKit
import JSON
import Publisher
import TestKit
import Testing
import Transport

extension EmulatorTests {
    @Suite("a function")
    struct LifeTests: ~Copyable {
        private let fixture: Fixture

        init() throws { fixture = try Fixture() }

        @Test("is removed with everything that was made for it, wherever the removal was stopped before")
        func removal() throws {
            let steps = try fixture.stopRemovalEverywhere { try fixture.deployment() }
            #expect(steps >= 6)
        }

        @Test("goes back to the version before, and forward again when it is published again")
        func rollback() throws {
            try fixture.publish(try fixture.deployment())
            try fixture.publish(try fixture.deployment(content: "two"))
            let inventory = Inventory(try fixture.session())
            let back = try inventory.rollBack("frames")
            #expect(back == ("2", "1"))
            let alias = try fixture.emulator.aws("lambda", "get-alias", "--function-name", "frames", "--name", "live")
            #expect(alias["FunctionVersion"]?.string == "1")
            #expect(throws: PublishError.self) { try inventory.rollBack("frames") }
            #expect(throws: PublishError.self) { try inventory.rollBack("nobody") }
            try fixture.publish(try fixture.deployment(content: "two"))
            #expect(try inventory.functions().first?.version == "2")
        }

        private func versions() throws -> [Int] { try fixture.session().lambda.versions("frames") }

        @Test("keeps as many versions as it is told, and a second time finds nothing to remove", arguments: [1, 2])
        func versions(count: Int) throws {
            for content in ["one", "two", "three"] {
                var deployment = try fixture.deployment(content: content)
                deployment.keptVersions = count
                try fixture.publish(deployment)
                #expect(try fixture.publish(deployment) == [], "\(content)")
            }
            #expect(try versions() == [1, 2, 3].suffix(count))
            #expect(try Inventory(try fixture.session()).functions().first?.version == "3")
        }

        @Test("keeps a version that any alias stands for, also one that came while it was published")
        func aliasedVersions() throws {
            var deployment = try fixture.deployment(content: "one")
            deployment.keptVersions = 1
            try fixture.publish(deployment)
            try fixture.session().lambda.createAlias("frames", "mine", version: "1")
            deployment.package = try fixture.package("two")
            #expect(try !fixture.publish(deployment).contains("remove the version frames:1"))
            deployment.package = try fixture.package("three")
            let publisher = FunctionPublisher(try fixture.session(), options: fixture.options)
            let plan = try publisher.plan(deployment)
            #expect(plan.changes.contains { $0.title == "remove the version frames:2" })
            try fixture.session().lambda.createAlias("frames", "yours", version: "2")
            try publisher.apply(plan) { _, _ in }
            #expect(try versions() == [1, 2, 3])
        }

        @Test("keeps the version that callers went back to when they go forward again, as long as there is room for it")
        func forwardAgain() throws {
            var deployment = try fixture.deployment(content: "one")
            deployment.keptVersions = 2
            try fixture.publish(deployment)
            deployment.package = try fixture.package("two")
            try fixture.publish(deployment)
            _ = try Inventory(try fixture.session()).rollBack("frames")
            #expect(try fixture.publish(deployment) == ["update the alias frames:live"])
            #expect(try versions() == [1, 2])
            #expect(try fixture.publish(deployment) == [])
        }

        @Test("is listed with what callers get")
        func list() throws {
            #expect(try Inventory(try fixture.session()).functions().isEmpty)
            var deployment = try fixture.deployment()
            deployment.api = .init(kind: .url, name: "frames", authorization: .iam)
            try fixture.publish(deployment)
            let entries = try Inventory(try fixture.session()).functions()
            #expect(entries.map(\.function.name) == ["frames"])
            #expect(entries.first?.version == "1")
            #expect(entries.first?.url?.hasPrefix("https://") == true)
        }

        @Test("has an address of whichever kind, and requests are signed for where it does not let everybody in")
        func address() throws {
            var deployment = try fixture.deployment()
            for (kind, open, closed) in [
                (Deployment.API.Kind.url, String?.none, "lambda"), (.http, nil, "execute-api"),
                (.rest, "execute-api", "execute-api"),
            ] {
                for (authorization, name) in [(Deployment.API.Authorization.none, open), (.iam, closed)] {
                    deployment.api = .init(kind: kind, name: "frames", authorization: authorization)
                    try fixture.publish(deployment)
                    let address = try Inventory(try fixture.session()).address(of: "frames")
                    #expect(address.signingName == name, "\(kind) \(authorization)")
                    #expect(address.url.hasPrefix("https://"))
                    // The emulator's function URLs lack the slash that AWS's end with.
                    #expect(kind == .url || address.url.hasSuffix("/scar/"))
                }
            }
            deployment.api = .init(
                name: "frames", authorization: .jwt(issuer: "https://login.example.com", audience: []))
            try fixture.publish(deployment)
            #expect(throws: PublishError.self) { try Inventory(try fixture.session()).address(of: "frames") }
            deployment.api = nil
            try fixture.publish(deployment)
            #expect(throws: PublishError.self) { try Inventory(try fixture.session()).address(of: "frames") }
        }

        @Test("is called at its address as a client calls it, with a signature where one is wanted")
        func called() throws {
            let server = try LoopbackServer { request in
                .init(request.method == "GET" ? 200 : 202, [:], request.body)
            }
            let session = try fixture.session()
            var address = FunctionAddress(url: server.origin + "/scar/", signingName: "execute-api")
            let posted = try address.call(session, body: Array("{}".utf8), isAsynchronous: true)
            #expect(posted.status == 202 && posted.body == Array("{}".utf8))
            address.signingName = nil
            #expect(try address.call(session, body: nil, query: [("a b", "c&d")]).status == 200)
            let (first, second) = (server.requests[0], server.requests[1])
            #expect(first.headers["authorization"]?.contains("/eu-west-1/execute-api/aws4_request") == true)
            #expect(first.headers["x-amz-invocation-type"] == "Event")
            #expect(first.headers["content-type"] == "application/json")
            #expect(second.headers["authorization"] == nil)
            #expect(second.path == "/scar/" && second.query == "a%20b=c%26d", "\(second.query)")
        }

        // MARK: Submitting

        private func submission(_ journal: String) throws -> (Submission, [Submission.Item]) {
            let session = try fixture.session()
            try fixture.publish(try fixture.deployment())
            for number in 0..<20 { try session.s3.put([1], to: "videos", "in/a b\(number).mp4") }
            var submission = Submission("frames", session)
            submission.journal = journal
            submission.width = 4
            let objects = try session.s3.objects("videos", prefix: "in/")
            try fixture.emulator.clear()
            return (submission, objects.map { .object(bucket: "videos", $0) })
        }

        @Test("is called once for each object, and the journal goes when all is done")
        func submit() throws {
            let journal = fixture.folder.path + "/journal"
            let (submission, items) = try submission(journal)
            let last = Monitor(0)
            let summary = try submission.run(items) { done, total in last.withLock { $0 = max($0, done * 100 + total) }
            }
            #expect(summary.called == 20)
            #expect(summary.failures.isEmpty)
            #expect(last.withLock { $0 } == 2020)
            #expect(try fixture.emulator.changes() == Array(repeating: "Invoke", count: 20))
            #expect(throws: FileError.self) { _ = try InputFile.contents(of: journal, limit: 1 << 20) }
        }

        @Test("is called again only for what failed, when the same is submitted again")
        func resume() throws {
            let (submission, items) = try submission(fixture.folder.path + "/journal")
            try fixture.emulator.fail("Invoke", times: 3, status: 400, code: "InvalidRequestContentException")
            let first = try submission.run(items) { _, _ in }
            #expect(first.failures.count == 3)
            try fixture.emulator.clear()
            let second = try submission.run(items) { _, _ in }
            #expect(second.skipped == 17)
            #expect(second.called == 3)
            #expect(try fixture.emulator.changes().count == 3)
        }

        @Test("is called again for a file that has changed, and for the one whose line in the journal was cut off")
        func journal() throws {
            try fixture.publish(try fixture.deployment())
            let folder = fixture.folder.path
            let paths = ["a", "b", "c"].map { "\(folder)/\($0)" }
            for path in paths { try OutputFile.write(Array("one".utf8), to: path) }
            var submission = Submission("frames", try fixture.session())
            submission.journal = folder + "/journal"
            submission.width = 1
            let items = paths.map { Submission.Item.file($0) }
            try fixture.emulator.fail("Invoke", times: 1, status: 400, code: "InvalidRequestContentException")
            #expect(try submission.run(items) { _, _ in }.failures.count == 1)
            #expect(try submission.run(items) { _, _ in }.skipped == 2)
            // All was done, so the journal is gone; and once more, up to the last byte of the last line.
            try fixture.emulator.fail("Invoke", times: 1, status: 400, code: "InvalidRequestContentException")
            #expect(try submission.run(items) { _, _ in }.failures.count == 1)
            let lines = try InputFile.contents(of: folder + "/journal", limit: 1 << 20)
            try OutputFile.write(Array(lines.dropLast(2)), to: folder + "/journal")
            try OutputFile.write(Array("other".utf8), to: paths[1])
            try fixture.emulator.clear()
            try fixture.emulator.fail("Invoke", times: 1, status: 400, code: "InvalidRequestContentException")
            let again = try submission.run(items) { _, _ in }
            #expect(again.skipped == 0 && again.failures.count == 1)
            // What was written behind the line that was cut off is whole.
            #expect(try submission.run(items) { _, _ in }.skipped == 2)
        }

        @Test("is not called any more when no call can succeed")
        func hopeless() throws {
            let (submission, items) = try submission(fixture.folder.path + "/journal")
            try fixture.emulator.fail("Invoke", times: 1000, status: 403, code: "AccessDeniedException")
            #expect(throws: AWSError.self) { try submission.run(items) { _, _ in } }
            #expect(try fixture.emulator.changes().count <= 4)
        }

        // MARK: Files

        @Test("has files that come back as they went, whatever their names")
        func files() throws {
            let s3 = try fixture.session().s3
            try s3.createBucket("files", tags: [:])
            let path = fixture.folder.path + "/file"
            try OutputFile.write(Array(0...255), to: path)
            let keys = [
                "plain", "a b", "ü/日本", "plus+", "100%", "a&b=c", "q?x#y", "semi;colon", "star*(1)'!", "~tilde",
            ]
            for key in keys { try s3.upload(path, to: "files", key) }
            let objects = try s3.objects("files", prefix: "")
            #expect(Set(objects.map(\.key)) == Set(keys))
            for object in objects {
                let target = fixture.folder.path + "/back"
                try s3.download(object, from: "files", to: target)
                #expect(try InputFile.contents(of: target, limit: 1 << 20) == Array(0...255))
            }
            #expect(try fixture.emulator.problems() == [])
        }
    }
}
