import AWS
import ByteKit
import Publisher
import TestKit
import Testing
import Transport

/// An account of the emulator's, and a small package to publish.
struct Fixture: ~Copyable {
    /// All suites of this module share one; they run one test at a time.
    static let emulator = Result { try AWSEmulator() }

    let emulator: AWSEmulator
    let folder: TestFolder
    let time = ManualTime()

    /// Begins with an empty account.
    init() throws {
        let started = try Self.emulator.get()
        try started.reset()
        folder = try TestFolder()
        emulator = started
    }

    /// A session of its own, as a new process would have. Waiting takes no time.
    func session(region: String = "eu-west-1") throws -> Session {
        let variables = emulator.variables
        let configuration = try Configuration { variables[$0] }
        let system = TimeSource.system
        let time = TimeSource(
            now: time.source.now, unixTime: system.unixTime, sleep: time.source.sleep, jitter: { 1 })
        return try Session(
            AWSClient(
                configuration, region: try configuration.region(region), transport: CurlTransport(), time: time))
    }

    /// A zip that Lambda would take; another content makes another digest.
    func package(_ content: String = "#!/bin/sh\n") throws -> Deployment.Package {
        // A zip with one stored entry, as short as zips are.
        let path = folder.path + "/package.zip"
        let script =
            "import sys, zipfile\nwith zipfile.ZipFile(sys.argv[1], 'w') as z:\n    z.writestr(zipfile.ZipInfo('bootstrap'), sys.argv[2])\n"
        guard try Peer.run("python3", ["-c", script, path, content]).status == 0 else {
            throw BackgroundProgram.Unavailable("no zip could be made")
        }
        return try Deployment.Package(at: path)
    }

    /// An image whose manifest is all there is of it, which is as much as the emulator keeps.
    func image(_ content: String = "one") throws -> Deployment.Image {
        let path = "\(folder.path)/\(content).json"
        let manifest = """
            {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
            "config":{"mediaType":"application/vnd.oci.image.config.v1+json",
            "digest":"\(Digest(of: []))","size":0},"layers":[],"annotations":{"content":"\(content)"}}
            """
        try OutputFile.write(Array(manifest.utf8), to: path)
        return Deployment.Image(path: path, digest: Digest(of: Array(manifest.utf8)), size: manifest.utf8.count)
    }

    /// Options with which images go to the emulator's registry. It speaks ECR's own API only, so there `PutImage` stands
    /// for what is done over the network otherwise.
    var options: FunctionPublisher.Options {
        var options = FunctionPublisher.Options()
        let emulator = emulator
        options.push = { image, reference in
            let parts = reference.split(separator: ":").map(String.init)
            let repository = parts[0].split(separator: "/").dropFirst().joined(separator: "/")
            _ = try emulator.aws(
                "ecr", "put-image", "--repository-name", repository, "--image-manifest", "file://\(image.path)",
                "--image-tag", parts[1], "--image-digest", "\(image.digest)")
        }
        return options
    }

    /// A function with all that hangs on one, but for what a test changes.
    func deployment(_ name: String = "frames", content: String = "#!/bin/sh\n") throws -> Deployment {
        var deployment = Deployment(
            name: name,
            function: DesiredFunction(
                memory: 512, timeout: 60, timeoutThreshold: 10, ephemeralStorage: 512, layers: [],
                environment: [("TOKEN", "hunter2")]),
            package: try package(content), tags: ["team": "video"])
        deployment.inputs = [.init(bucket: "videos", folder: "in", suffixes: [".mp4", ".mov"])]
        deployment.outputs = [.init(bucket: "pictures", folder: "out")]
        deployment.api = .init(name: name, authorization: .none)
        return deployment
    }

    /// A function that hands events over to jobs.
    func deploymentWithJobs(
        _ name: String = "frames", _ compute: Deployment.Job.Compute = .init(), takesAll: Bool = false
    ) throws -> Deployment {
        var deployment = try deployment(name)
        deployment.image = try image()
        deployment.job = Deployment.Job(
            memory: 2048, environment: ["TOKEN": "hunter2"], takesAll: takesAll,
            events: .init(bucket: "events", folder: "long"), compute: compute)
        return deployment
    }

    /// Publishes as a new process would; gives the changes that were made.
    @discardableResult
    func publish(_ deployment: Deployment, options: FunctionPublisher.Options? = nil) throws -> [String] {
        let publisher = FunctionPublisher(try session(), options: options ?? self.options)
        let plan = try publisher.plan(deployment)
        try publisher.apply(plan) { _, _ in }
        return plan.changes.map(\.title)
    }

    func remove(_ name: String = "frames") throws {
        let session = try session()
        try FunctionPublisher(session).apply(try Removal(session).plan(name).plan) { _, _ in }
    }

    // MARK: - Stopped in the middle

    /// Publishes, each time into an account that is empty again, and is stopped after more changes each time; completes it, and
    /// removes it. Until it is not stopped any more.
    ///
    /// - Parameters:
    ///   - stride: how many changes more each time: every attempt costs several publications.
    ///   - isRemovalStopped: whether removing is stopped after as many.
    ///   - check: looks at what is there when it has been completed.
    /// - Returns: after how many changes nothing was stopped any more.
    func stopEverywhere(
        every stride: Int = 1, isRemovalStopped: Bool = false, _ deployment: () throws -> Deployment,
        check: () throws -> Void = {}
    ) throws -> Int {
        var steps = 0
        while true {
            try emulator.reset()
            let deployment = try deployment()
            try emulator.clear()
            try emulator.cut(afterChanges: steps)
            do {
                try publish(deployment)
                return steps
            } catch {
                if let stopped = error as? InterruptedPublication {
                    #expect(stopped.diagnostic.hint?.isEmpty == false)
                }
            }
            try emulator.clear()
            try publish(deployment)
            #expect(try publish(deployment) == [], "stopped after \(steps) changes")
            #expect(try emulator.problems() == [])
            try check()
            if isRemovalStopped {
                try emulator.cut(afterChanges: steps)
                _ = try? remove()
                try emulator.clear()
            }
            if try !isRemovalStopped || !leftovers().isEmpty { try remove() }
            #expect(try leftovers() == [], "stopped after \(steps) changes")
            steps += stride
        }
    }

    /// Removes what was published, stopped after one change more each time, and completes it. Until it is not stopped any more.
    ///
    /// - Returns: after how many changes nothing was stopped any more.
    func stopRemovalEverywhere(_ deployment: () throws -> Deployment, check: () throws -> Void = {}) throws -> Int {
        var steps = 0
        while true {
            try emulator.reset()
            try publish(try deployment())
            try check()
            try emulator.clear()
            try emulator.cut(afterChanges: steps)
            let isWhole = (try? remove()) != nil
            try emulator.clear()
            if !isWhole { try remove() }
            #expect(try emulator.problems() == [])
            #expect(try leftovers() == [], "stopped after \(steps) changes")
            if isWhole { return steps }
            steps += 1
        }
    }

    /// Everything in the account that a publication can make, as botocore sees it.
    func leftovers() throws -> [String] {
        let result = try Peer.run(
            "python3", ["\(Products.repository)/Tests/Oracles/list-account.py"],
            variables: emulator.variables.map { ($0.key, $0.value) })
        guard result.status == 0 else { throw BackgroundProgram.Unavailable(result.errorText) }
        return result.text.split(separator: "\n").map(String.init)
    }
}
