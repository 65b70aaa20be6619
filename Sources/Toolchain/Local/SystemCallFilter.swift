/// The system calls that a Lambda sandbox refuses, as a seccomp program for the cage.
///
/// The program is classic BPF over `struct seccomp_data` (linux/seccomp.h: `nr`, `arch`, then the arguments), made of
/// checks that each stand for themselves: compare, and when it fits, return a verdict.
package struct SystemCallFilter: Sendable {
    /// A processor's own numbers for the calls.
    package enum Machine: Sendable {
        case x86, arm64

        package static var current: Machine {
            #if arch(arm64)
                .arm64
            #else
                .x86
            #endif
        }

        /// linux/audit.h: AUDIT_ARCH_X86_64 and AUDIT_ARCH_AARCH64.
        var audit: UInt32 { self == .x86 ? 0xC000_003E : 0xC000_00B7 }
    }

    /// A call and its numbers; nil where the processor has no such call.
    package struct Call: Sendable {
        package let name: String
        package let x86: UInt32?
        package let arm64: UInt32?

        init(_ name: String, _ x86: UInt32?, _ arm64: UInt32?) {
            self.name = name
            self.x86 = x86
            self.arm64 = arm64
        }

        package func number(on machine: Machine) -> UInt32? { machine == .x86 ? x86 : arm64 }
    }

    /// What ends in EPERM: other roots and namespaces, other processes' memory, the kernel's own affairs.
    package static let refused = [
        Call("mount", 165, 40), Call("umount2", 166, 39), Call("pivot_root", 155, 41), Call("chroot", 161, 51),
        Call("fsopen", 430, 430), Call("fsconfig", 431, 431), Call("fsmount", 432, 432), Call("fspick", 433, 433),
        Call("open_tree", 428, 428), Call("move_mount", 429, 429), Call("mount_setattr", 442, 442),
        Call("open_by_handle_at", 304, 265), Call("unshare", 272, 97), Call("setns", 308, 268),
        Call("sethostname", 170, 161), Call("setdomainname", 171, 162), Call("ptrace", 101, 117),
        Call("process_vm_readv", 310, 270), Call("process_vm_writev", 311, 271), Call("kcmp", 312, 272),
        Call("pidfd_getfd", 438, 438), Call("seccomp", 317, 277), Call("bpf", 321, 280),
        Call("perf_event_open", 298, 241), Call("userfaultfd", 323, 282), Call("fanotify_init", 300, 262),
        Call("add_key", 248, 217), Call("request_key", 249, 218), Call("keyctl", 250, 219),
        Call("kexec_load", 246, 104), Call("kexec_file_load", 320, 294), Call("init_module", 175, 105),
        Call("finit_module", 313, 273), Call("delete_module", 176, 106), Call("reboot", 169, 142),
        Call("swapon", 167, 224), Call("swapoff", 168, 225), Call("acct", 163, 89), Call("quotactl", 179, 60),
        Call("quotactl_fd", 443, 443), Call("settimeofday", 164, 170), Call("clock_settime", 227, 112),
        Call("syslog", 103, 116), Call("vhangup", 153, 58), Call("iopl", 172, nil), Call("ioperm", 173, nil),
    ]

    /// What ends in ENOSYS, so that programs fall back to what can be looked into: clone3 to clone, io_uring to read
    /// and write.
    package static let missing = [
        Call("clone3", 435, 435), Call("io_uring_setup", 425, 425), Call("io_uring_enter", 426, 426),
        Call("io_uring_register", 427, 427),
    ]

    /// What is refused for some first arguments only.
    package static let clone = Call("clone", 56, 220)
    package static let prctl = Call("prctl", 157, 167)

    /// CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET. (NEWTIME stands where clone has a signal.)
    package static let namespaceFlags: UInt32 = 0x7E02_0000
    /// PR_SET_SECCOMP.
    package static let setSeccomp: UInt32 = 22

    /// The program as the kernel takes it: an array of `struct sock_filter`.
    package let bytes: [UInt8]

    package init(for machine: Machine = .current) {
        var program = Program()
        program.load(Self.archOffset)
        program.check(.isEqual, machine.audit, otherwise: .kill)
        program.load(0)
        // x32: x86-64's other numbers for the same calls, which nothing here uses.
        if machine == .x86 { program.check(.isAtLeast, 0x4000_0000, .error(Self.noSystemCall)) }
        for call in Self.refused {
            if let number = call.number(on: machine) { program.check(.isEqual, number, .error(Self.notPermitted)) }
        }
        for call in Self.missing {
            if let number = call.number(on: machine) { program.check(.isEqual, number, .error(Self.noSystemCall)) }
        }
        for (call, comparison, value) in [
            (Self.clone, Comparison.hasAny, Self.namespaceFlags), (Self.prctl, .isEqual, Self.setSeccomp),
        ] {
            if let number = call.number(on: machine) {
                program.checkFirstArgument(of: number, comparison, value, .error(Self.notPermitted))
            }
        }
        program.end(.allow)
        bytes = program.bytes
    }

    private static let archOffset: UInt32 = 4
    private static let notPermitted: UInt32 = 1
    private static let noSystemCall: UInt32 = 38
}

// MARK: - The assembler

/// linux/seccomp.h: SECCOMP_RET_….
private enum Verdict {
    case allow, kill
    case error(UInt32)

    var value: UInt32 {
        switch self {
        case .allow: 0x7FFF_0000
        case .kill: 0x8000_0000
        case .error(let number): 0x0005_0000 | number
        }
    }
}

/// linux/bpf_common.h: BPF_JMP | BPF_K with JEQ, JGE and JSET.
private enum Comparison: UInt16 {
    case isEqual = 0x15
    case isAtLeast = 0x35
    case hasAny = 0x45
}

private struct Program {
    private(set) var bytes: [UInt8] = []

    /// BPF_LD | BPF_W | BPF_ABS: a word of the data into the accumulator.
    mutating func load(_ offset: UInt32) { append(0x20, 0, 0, offset) }

    /// Ends with a verdict when the accumulator compares.
    mutating func check(_ comparison: Comparison, _ value: UInt32, _ verdict: Verdict) {
        append(comparison.rawValue, 0, 1, value)
        end(verdict)
    }

    /// Ends with a verdict when it does not.
    mutating func check(_ comparison: Comparison, _ value: UInt32, otherwise verdict: Verdict) {
        append(comparison.rawValue, 1, 0, value)
        end(verdict)
    }

    /// Decides about a call by its first argument's low word; other calls go on to what follows.
    mutating func checkFirstArgument(
        of call: UInt32, _ comparison: Comparison, _ value: UInt32, _ verdict: Verdict
    ) {
        append(Comparison.isEqual.rawValue, 0, 4, call)
        load(16)
        check(comparison, value, verdict)
        end(.allow)
    }

    /// BPF_RET | BPF_K.
    mutating func end(_ verdict: Verdict) { append(0x06, 0, 0, verdict.value) }

    private mutating func append(_ code: UInt16, _ ifTrue: UInt8, _ ifFalse: UInt8, _ value: UInt32) {
        bytes += [UInt8(code & 0xFF), UInt8(code >> 8), ifTrue, ifFalse]
        bytes += (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }
}
