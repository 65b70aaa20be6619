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
        /// The supervisor's own variables.
        package var environment: [[UInt8]]
        /// How long starting may take, in nanoseconds. Lambda allows 10 s before the first event is asked for: a tree
        /// that needs longer is finished behind that call, and the first event waits for it.
        package var patience: Int64
        /// The image's tree on this machine.
        let tree = ImageTree()

        package init(
            spec: LaunchSpec, package: [UInt8], scratch: [UInt8], storage: LocalStorage?, environment: [[UInt8]],
            patience: Int64 = 8_000_000_000
        ) {
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
    package init(_ setting: Setting) {
        self.setting = setting
        scratch = Scratch(setting.scratch)
        workers = WarmWorkers(setting)
    }

    package mutating func prepare() throws(Failure) {
        guard setting.spec.script != nil || setting.spec.command?.isEmpty == false else {
            throw Failure("Launch.Invalid", [UInt8]("launch.json names neither a script nor a command"))
        }
        setting.tree.install(setting.installer)
        // While the sandbox starts there is a whole processor for it.
        if try setting.tree.wait(until: Clock.nanoseconds + setting.patience) { workers.warmUp() }
    }

    package mutating func handle(_ invocation: Invocation) throws(Failure) -> [UInt8] {
        let begin = Clock.nanoseconds
        if (try? setting.tree.check()) == nil {
            // It failed under an earlier event, which has told so.
            setting.tree.install(setting.installer)
        }
        _ = try setting.tree.wait(until: nil)
        let run = FunctionRun(setting, workers, invocation)
        switch try Event.classify(invocation.event, inputs: setting.spec.inputs) {
        case .objects(let records): return try run.handle(records, since: begin)
        case .request(let body): return try run.handle(body: body)
        case .direct: return try run.handle(body: nil)
        }
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
