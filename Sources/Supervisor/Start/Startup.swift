internal import CSupervisor

#if !hasFeature(Embedded)
    internal import JSON
    internal import SquashFS
#endif

/// From the start of the process to the first event.
package enum Startup {
    /// Runs the function in this package until Lambda ends it, and gives the process's exit code.
    package static func run() -> Int32 {
        csupervisor_ignore_broken_pipes()
        let environment = inheritedEnvironment()
        if let job = JobRun(environment) {
            // Batch kills after thirty seconds. A job that was ended is none that is done: it may be tried again.
            csupervisor_end_when_told(143, 25_000)
            return job.run { () throws(Failure) in
                try setting(environment, package: packageFolder(environment, program: programPath()), isJob: true)
            }
        }
        // Lambda allows half a second, and an end that it has asked for is a good one.
        csupervisor_end_when_told(0, 300)
        // Without a cage nothing else ends it when the tool that runs it is killed.
        if let parent = FunctionEnvironment.value(of: "SCAR_PARENT", in: environment)?.decimalValue {
            csupervisor_end_with(Int32(truncatingIfNeeded: parent))
        }
        guard let address = FunctionEnvironment.value(of: "AWS_LAMBDA_RUNTIME_API", in: environment),
            let endpoint = RuntimeAPI(address: address)
        else {
            Log.line(
                "AWS_LAMBDA_RUNTIME_API must hold the address of Lambda’s runtime interface, such as 127.0.0.1:9001")
            return 2
        }
        do throws(Failure) {
            let setting = try setting(environment, package: packageFolder(environment, program: programPath()))
            var driver = InvocationDriver(endpoint: endpoint, worker: FunctionWorker(setting))
            return driver.run()
        } catch {
            var driver = InvocationDriver(endpoint: endpoint, worker: BrokenWorker(failure: error))
            return driver.run()
        }
    }

    /// A function that cannot even be read; it tells so and ends.
    private struct BrokenWorker: InvocationWorker {
        let failure: Failure
        mutating func prepare() throws(Failure) { throw failure }
        mutating func handle(_ invocation: Invocation, _ stream: ResponseStream?) throws(Failure) -> Handled {
            throw failure
        }
    }

    /// Reads `launch.json` and what else decides how the function runs.
    package static func setting(
        _ environment: [[UInt8]], package: [UInt8], isJob: Bool = false
    ) throws(Failure) -> FunctionWorker.Setting {
        let path = package.appending(path: LaunchSpec.fileName)
        let text: [UInt8]
        do throws(SystemFailure) {
            text = try OpenFile(path, .file).readAll(limit: 4 << 20)
        } catch {
            throw .system("Launch.Missing", "cannot read ", path, error)
        }
        let spec: LaunchSpec
        do throws(LaunchSpecError) { spec = try LaunchSpec.decode(text) } catch {
            throw Failure("Launch.Invalid", error.message)
        }
        let storage = FunctionEnvironment.value(of: "SCAR_LOCAL_STORAGE", in: environment)
        return FunctionWorker.Setting(
            spec: spec, package: package,
            scratch: FunctionEnvironment.value(of: "SCAR_SCRATCH", in: environment) ?? [UInt8]("/tmp/scar"),
            storage: storage.flatMap { $0.isEmpty ? nil : LocalStorage(root: $0) }, environment: environment,
            isJob: isJob)
    }

    /// Where the package is: where Lambda says, at Lambda's usual place, or beside this program.
    package static func packageFolder(_ environment: [[UInt8]], program: [UInt8]) -> [UInt8] {
        if let folder = FunctionEnvironment.value(of: "LAMBDA_TASK_ROOT", in: environment), !folder.isEmpty {
            return folder
        }
        let usual = [UInt8]("/var/task")
        let isThere = (try? OpenFile(usual.appending(path: LaunchSpec.fileName), .file).status().isFile) ?? false
        if isThere { return usual }
        guard let slash = program.lastIndex(of: UInt8(ascii: "/")) else { return [UInt8](".") }
        return slash == 0 ? [UInt8]("/") : [UInt8](program[..<slash])
    }

    private static func inheritedEnvironment() -> [[UInt8]] {
        var entries: [[UInt8]] = []
        while let entry = unsafe csupervisor_environment(entries.count) {
            unsafe entries.append([UInt8](terminatedBy: entry))
        }
        return entries
    }

    private static func programPath() -> [UInt8] {
        guard let path = unsafe csupervisor_program_path() else { return [] }
        return unsafe [UInt8](terminatedBy: path)
    }
}
