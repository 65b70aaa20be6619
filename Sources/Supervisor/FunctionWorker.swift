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
        /// Where objects are.
        package let storages: Storages
        /// What hands events over to AWS Batch; nil where they are handled here.
        var batch: LaunchSpec.Batch? { isJob ? nil : spec.batch }
        let batchService: BatchService
        /// Whether this is a job of AWS Batch, and not a function in Lambda.
        let isJob: Bool
        /// Whether this is one of a job's nodes that help the main one; what is made is then the main one's to store.
        var isHelper: Bool {
            let variables = Environment(environment)
            guard isJob, let main = variables["AWS_BATCH_JOB_MAIN_NODE_INDEX"] else { return false }
            return variables["AWS_BATCH_JOB_NODE_INDEX"] != main
        }
        /// The supervisor's own variables.
        package var environment: [[UInt8]]
        /// How long starting may take, in nanoseconds. Lambda allows 10 s before the first event is asked for: a tree
        /// that needs longer is finished behind that call, and the first event waits for it.
        package var patience: Int64
        /// The image's tree on this machine.
        let tree = ImageTree()

        package init(
            spec: LaunchSpec, package: [UInt8], scratch: [UInt8], storage: LocalStorage?, environment: [[UInt8]],
            isJob: Bool = false, patience: Int64 = 8_000_000_000
        ) {
            self.isJob = isJob
            batchService = BatchService(Environment(environment))
            self.patience = patience
            self.spec = spec
            self.package = package
            self.scratch = scratch
            storages = Storages(folder: storage, spec, package: package, environment: environment)
            self.environment = environment
        }
    }

    let setting: Setting
    private let scratch: Scratch
    let workers: WarmWorkers

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
        // A function that hands everything over needs no program.
        if setting.batch?.takesAll == true { return }
        setting.tree.install(setting.installer)
        do throws(Failure) {
            // While the sandbox starts there is a whole processor for it.
            if try setting.tree.wait(until: Clock.nanoseconds + setting.patience) { workers.warmUp() }
        } catch {
            // An event that there is no room for becomes a job, so there must be one.
            guard error.type == "Artifact.NoSpace", setting.batch?.takesAfter.contains(.space) == true else {
                throw error
            }
        }
    }

    /// Waits until the tree can be used; false when the time given has passed before.
    func waitForTree(until deadline: Int64) throws(Failure) -> Bool {
        if (try? setting.tree.check()) == nil {
            // What a worker has read of it may be half of it.
            workers.discard()
            setting.tree.install(setting.installer)
        }
        return try setting.tree.wait(until: deadline)
    }

    package mutating func handle(_ invocation: Invocation, _ stream: ResponseStream?) throws(Failure) -> Handled {
        var run = FunctionRun(setting, workers, invocation, setting.spec.handling.streams ? stream : nil)
        defer { conclude(run.tally) }
        do throws(Failure) {
            return try run.handle(try Event.classify(invocation.event, inputs: setting.spec.inputs), waitForTree)
        } catch {
            run.tally.isFailure = true
            guard let stream = run.stream, stream.isOpen else { throw error }
            // The beginning has been sent: what comes after it says that it is none.
            Log.failure(error)
            stream.fail(error)
            return .streamed
        }
    }

    package mutating func rest() { workers.refill() }

    func conclude(_ tally: Tally) {
        tally.log()
        guard setting.spec.handling.metrics else { return }
        Log.bytes(tally.metrics(setting.spec.name, milliseconds: Clock.epochMilliseconds))
    }
}

extension FunctionWorker.Setting {
    var paths: ImagePaths { ImagePaths(spec, package: package, scratch: scratch) }

    /// What every run of the program finds in its environment.
    var base: FunctionEnvironment { FunctionEnvironment(inherited: environment, spec, package: package, paths) }

    /// What puts the tree in place; nil when it is there by other means.
    var installer: ArtifactInstaller? {
        guard let artifact = spec.artifact else { return nil }
        let wish = FunctionEnvironment.value(of: "SCAR_UNPACK", in: environment)
        return ArtifactInstaller(
            artifact: artifact, root: spec.root, package: package, early: spec.relocation?.folders ?? [],
            isPatient: wish?.isEqual(to: "all") == true)
    }

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
