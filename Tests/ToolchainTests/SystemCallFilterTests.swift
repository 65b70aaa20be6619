import ByteKit
import TestKit
import Testing
import Toolchain

@Suite("The cage's filter of system calls")
struct SystemCallFilterTests {
    private typealias Filter = SystemCallFilter

    /// The compilers that are here, each with its processor's headers.
    static let compilers: [(name: String, machine: SystemCallFilter.Machine)] = {
        let all = [("x86_64-linux-gnu-gcc", SystemCallFilter.Machine.x86), ("aarch64-linux-gnu-gcc", .arm64)]
        return all.filter { Peer.isInstalled($0.0) }
    }()

    /// The kernel's headers have the last word about numbers.
    @Test(
        "has the numbers of the kernel's headers", .enabled(if: !compilers.isEmpty, "needs gcc"), arguments: compilers)
    func numbers(compiler: String, machine: SystemCallFilter.Machine) throws {
        let calls = Filter.refused + Filter.missing + [Filter.clone, Filter.prctl]
        let folder = try TestFolder()
        let source = "#include <sys/syscall.h>\n" + calls.map { "=\($0.name) SYS_\($0.name)\n" }.joined()
        try OutputFile.write(Array(source.utf8), to: "\(folder.path)/calls.c")
        let text = try Peer.run(compiler, ["-E", "-P", "\(folder.path)/calls.c"]).text
        let known = try #require(text.firstIndex(of: "=").map { text[$0...] })
        let lines = known.split(separator: "=").map { $0.split { $0.isWhitespace } }
        #expect(lines.count == calls.count)
        for (call, line) in zip(calls, lines) {
            // A header older than the call leaves the name as it is.
            guard let word = line.dropFirst().first, let number = UInt32(word) else {
                #expect(line.last == "SYS_\(call.name)")
                continue
            }
            #expect(call.number(on: machine) == number, "\(call.name)")
        }
        #expect(lines.count { $0.count == 2 && UInt32($0[1]) != nil } > 40)
    }

    @Test("refuses what it lists, and lets all else pass", arguments: [SystemCallFilter.Machine.x86, .arm64])
    func verdicts(machine: SystemCallFilter.Machine) throws {
        let filter = Evaluator(Filter(for: machine).bytes)
        let arch: UInt32 = machine == .x86 ? 0xC000_003E : 0xC000_00B7
        func verdict(_ number: UInt32, _ argument: UInt64 = 0) -> UInt32? { filter.verdict(arch, number, argument) }
        let allow: UInt32 = 0x7FFF_0000
        for call in Filter.refused {
            if let number = call.number(on: machine) { #expect(verdict(number) == 0x0005_0001, "\(call.name)") }
        }
        for call in Filter.missing { #expect(verdict(try #require(call.number(on: machine))) == 0x0005_0026) }
        let listed = Set((Filter.refused + Filter.missing).compactMap { $0.number(on: machine) })
        for number in (0..<600 as Range<UInt32>) where !listed.contains(number) {
            #expect(verdict(number) == allow, "\(number)")
        }
        // A thread, a process, a process in a user namespace, a process in new namespaces of all kinds.
        let clone = try #require(Filter.clone.number(on: machine))
        #expect(verdict(clone, 0x3D_0F00) == allow)
        #expect(verdict(clone, 17) == allow)
        #expect(verdict(clone, 0x1000_0011) == 0x0005_0001)
        for flag in [0x0002_0000, 0x0200_0000, 0x0400_0000, 0x0800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000] {
            #expect(verdict(clone, UInt64(flag)) == 0x0005_0001)
        }
        let prctl = try #require(Filter.prctl.number(on: machine))
        #expect(verdict(prctl, 22) == 0x0005_0001)
        #expect(verdict(prctl, 15) == allow)
        // Another processor's calls: the numbers mean other things there.
        #expect(filter.verdict(0x4000_0003, 0, 0) == 0x8000_0000)
        if machine == .x86 { #expect(verdict(0x4000_0000 | 165) == 0x0005_0026) }
    }
}

/// Runs classic BPF over `struct seccomp_data`, as the kernel does.
private struct Evaluator {
    private let program: [(code: UInt16, ifTrue: Int, ifFalse: Int, value: UInt32)]

    init(_ bytes: [UInt8]) {
        program = stride(from: 0, to: bytes.count, by: 8).map { at in
            let word = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[at + 4 + $1]) << ($1 * 8) }
            return (
                UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8, Int(bytes[at + 2]), Int(bytes[at + 3]), word
            )
        }
    }

    /// Nil when the program leaves itself or has an instruction that it should not have.
    func verdict(_ arch: UInt32, _ number: UInt32, _ argument: UInt64) -> UInt32? {
        let data: [UInt32: UInt32] = [
            0: number, 4: arch, 16: UInt32(truncatingIfNeeded: argument), 20: UInt32(argument >> 32),
        ]
        var accumulator: UInt32 = 0
        var place = 0
        while program.indices.contains(place) {
            let step = program[place]
            place += 1
            switch step.code {
            case 0x20:
                guard let word = data[step.value] else { return nil }
                accumulator = word
            case 0x15: place += accumulator == step.value ? step.ifTrue : step.ifFalse
            case 0x35: place += accumulator >= step.value ? step.ifTrue : step.ifFalse
            case 0x45: place += accumulator & step.value != 0 ? step.ifTrue : step.ifFalse
            case 0x06: return step.value
            default: return nil
            }
        }
        return nil
    }
}
