internal import CFuzzer
internal import FuzzTargets
internal import Glibc

/// What libFuzzer calls back. `scripts/fuzz` says in the environment which target it is, and where files may go.
enum Fuzzer {
    private static let target: FuzzTarget = {
        guard let target = FuzzTarget(rawValue: variable("SCAR_FUZZ_TARGET")) else {
            fail("SCAR_FUZZ_TARGET is none of \(FuzzTarget.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return target
    }()

    private static let bench: FuzzBench = {
        do { return try FuzzBench(variable("SCAR_FUZZ_FOLDER")) } catch { fail("\(error)") }
    }()

    private static func variable(_ name: String) -> String {
        unsafe getenv(name).map { unsafe String(cString: $0) } ?? ""
    }

    private static func fail(_ reason: String) -> Never {
        print("fuzz: error: \(reason)")
        exit(2)
    }

    static func test(_ bytes: [UInt8]) {
        do {
            _ = try target.run(bytes, in: bench)
        } catch {
            // libFuzzer keeps the input of a process that aborts.
            print("\nfuzz: finding: \(error)")
            fflush(nil)
            abort()
        }
    }

    /// Hands this process to libFuzzer, which ends it.
    static func run() {
        var count = CommandLine.argc
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = unsafe CommandLine.unsafeArgv
        let status = unsafe LLVMFuzzerRunDriver(&count, &arguments) { bytes, count in
            unsafe Fuzzer.test([UInt8](UnsafeBufferPointer(start: bytes, count: count)))
            return 0
        }
        exit(status)
    }

    /// Changes whole blocks of tar archives, which libFuzzer, knowing nothing of blocks, hardly ever does.
    static func mutate(_ bytes: UnsafeMutableBufferPointer<UInt8>, _ count: Int, _ seed: UInt32) -> Int {
        guard target == .layer, seed % 3 == 0, count >= 512 else {
            return unsafe LLVMFuzzerMutate(bytes.baseAddress, count, bytes.count)
        }
        var mutator = TarMutator(unsafe Array(bytes[..<count]), seed: seed / 3)
        let changed = mutator.mutated().prefix(bytes.count)
        unsafe _ = bytes.update(fromContentsOf: changed)
        return changed.count
    }
}

/// Found by its name when it is there. llvm.org/docs/LibFuzzer.html, "Structure-aware fuzzing".
@_cdecl("LLVMFuzzerCustomMutator")
func customMutator(_ bytes: UnsafeMutablePointer<UInt8>?, _ count: Int, _ limit: Int, _ seed: UInt32) -> Int {
    unsafe Fuzzer.mutate(UnsafeMutableBufferPointer(start: bytes, count: limit), count, seed)
}
