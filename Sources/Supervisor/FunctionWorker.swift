#if !hasFeature(Embedded)
    internal import JSON
    internal import SquashFS
#endif

/// The function: brings in what an event is about, runs the program on it, and takes away what comes out.
package struct FunctionWorker: InvocationWorker {
    /// Where and with what it runs.
    package struct Setting: Sendable {
        package var spec: LaunchSpec
        /// The package's folder, with `launch.json` in it.
        package var package: [UInt8]
        /// Where invocations get their folders.
        package var scratch: [UInt8]
        /// The folder that plays the storage, if one does.
        package var storage: LocalStorage?
        /// Gives a link that anybody may follow for a while to an object that was stored; nil where there are none.
        package var link: (@Sendable (Answer.Object) -> [UInt8]?)?
        /// The supervisor's own variables.
        package var environment: [[UInt8]]
        /// How long starting may take, in nanoseconds. Lambda allows 10 s before the first event is asked for: a tree
        /// that needs longer is finished behind that call, and the first event waits for it.
        package var patience: Int64

        package init(
            spec: LaunchSpec, package: [UInt8], scratch: [UInt8], storage: LocalStorage?, environment: [[UInt8]],
            link: (@Sendable (Answer.Object) -> [UInt8]?)? = nil, patience: Int64 = 8_000_000_000
        ) {
            self.link = link
            self.patience = patience
            self.spec = spec
            self.package = package
            self.scratch = scratch
            self.storage = storage
            self.environment = environment
        }
    }

    let setting: Setting
    private let scratch: Scratch
    private let workers: WarmWorkers
    /// The answer of putting the tree in place, when there is one.
    private let tree = Guarded<TreeState>(.absent)

    private enum TreeState: Sendable {
        case absent, ready
        case failed(Failure)
    }

    package init(_ setting: Setting) {
        self.setting = setting
        scratch = Scratch(setting.scratch)
        workers = WarmWorkers(setting)
        Log.begin(Log.Style(setting.spec.handling.logLevel, environment: setting.environment))
    }

    package mutating func prepare() throws(Failure) {
        guard setting.spec.script != nil || setting.spec.command?.isEmpty == false else {
            throw Failure("Launch.Invalid", [UInt8]("launch.json names neither a script nor a command"))
        }
        guard let artifact = setting.spec.artifact else {
            tree.withLock { $0 = .ready }
            workers.warmUp()
            return
        }
        let installer = ArtifactInstaller(artifact: artifact, root: setting.spec.root, package: setting.package)
        let tree = tree
        let install: @Sendable () -> Void = {
            do throws(Failure) {
                try installer.install()
                tree.withLock { $0 = .ready }
            } catch {
                tree.withLock { $0 = .failed(error) }
            }
            SquashUnpacker.releaseMemory()
        }
        if !BackgroundThread.start(install) { install() }
        try waitForTree(until: Clock.nanoseconds + setting.patience)
        let isReady = tree.withLock { state in
            if case .ready = state { true } else { false }
        }
        // While the sandbox starts there is a whole processor for it.
        if isReady { workers.warmUp() }
    }

    /// Waits until the tree is in place, or the time given has passed.
    private func waitForTree(until deadline: Int64?) throws(Failure) {
        let failure = tree.wait(until: deadline) { state -> Failure?? in
            switch state {
            case .absent: return nil
            case .ready: return .some(nil)
            case .failed(let failure): return .some(failure)
            }
        }
        if let failure = failure ?? nil { throw failure }
    }

    package mutating func handle(_ invocation: Invocation, _ stream: ResponseStream?) throws(Failure) -> Handled {
        var run = FunctionRun(setting, workers, invocation, setting.spec.handling.streams ? stream : nil)
        defer { conclude(run.tally) }
        do throws(Failure) {
            try waitForTree(until: nil)
            return try run.handle(try Event.classify(invocation.event, inputs: setting.spec.inputs))
        } catch {
            run.tally.isFailure = true
            guard let stream = run.stream, stream.isOpen else { throw error }
            // The beginning has been sent: what comes after it says that it is none.
            Log.failure(error)
            stream.fail(error)
            return .streamed
        }
    }

    private func conclude(_ tally: Tally) {
        tally.log()
        guard setting.spec.handling.metrics else { return }
        Log.bytes(tally.metrics(setting.spec.name, milliseconds: Clock.epochMilliseconds))
    }
}

extension FunctionWorker.Setting {
    var paths: ImagePaths { ImagePaths(spec, package: package, scratch: scratch) }

    /// What every run of the program finds in its environment.
    var base: FunctionEnvironment { FunctionEnvironment(inherited: environment, spec, package: package, paths) }

    var finder: ProgramFinder {
        ProgramFinder(spec: spec, package: package, paths: paths, path: base["PATH"] ?? [])
    }
}

/// The folder that invocations get theirs in. While this lives, it is marked as in use.
private final class Scratch: Sendable {
    private let lock: OpenFile?

    /// Clears what a supervisor that was ended in the middle has left, unless another one is at work here.
    init(_ path: [UInt8]) {
        do throws(SystemFailure) {
            try FolderTree.make(path)
            let lock = try OpenFile(path.appending(path: "lock"), .append)
            // All who work here share the lock; who gets it alone is alone.
            if lock.lock(.exclusiveNow) { try OpenFile.removeTree(path.appending(path: "invocations")) }
            _ = lock.lock(.shared)
            self.lock = consume lock
        } catch {
            // Whether invocations can have folders shows when they ask for them.
            lock = nil
        }
    }
}
