internal import ELF
internal import LayerFS

extension FuzzBench {
    /// Where relocated trees are to lie.
    static let prefix = Array("/tmp/scar/root".utf8)

    func program(_ bytes: [UInt8]) throws -> FuzzTarget.Outcome {
        guard let file = try? ELFFile(bytes) else { return .refused }
        guard let interpreter = file.interpreter,
            let patch = file.patch(interpreter: Self.prefix + interpreter, size: bytes.count)
        else { return .accepted }
        var patched = bytes
        patch.edit(&patched, at: 0)
        let again = try? ELFFile(patched + patch.appended)
        try Finding.unless(again?.interpreter == Self.prefix + interpreter, "a program has not got its new interpreter")
        try Finding.unless(again?.segments.count == file.segments.count, "a program has lost program headers")
        return .accepted
    }

    /// An image around the input: a loader, a library, and what the first byte says.
    func relocation(_ bytes: [UInt8]) throws -> FuzzTarget.Outcome {
        guard let kind = bytes.first else { return .refused }
        let rest = Array(bytes.dropFirst())
        var files = Self.image
        switch kind {
        case UInt8(ascii: "c"): files["etc/ld.so.conf"] = rest
        case UInt8(ascii: "l"): files["usr/lib/locale/locale-archive"] = rest
        default: files["bin/fuzzed"] = rest
        }
        let settings = Self.settings(for: bytes)
        do {
            let object = try compile(Self.archive(files), settings)
            let linker = Linker(settings: settings, pool: pool)
            let linked = try linker.link([object], Linker.Rules(prefix: Self.prefix), scratch: folder)
            _ = try linked.missingLibraries(of: Array("bin/fuzzed".utf8))
            try checkWritten(linked, linker)
            return linked.report.warnings.isEmpty && linked.relocation?.refused.isEmpty == true ? .accepted : .refused
        } catch is LayerError {
            return .refused
        }
    }

    private static let image: [String: [UInt8]] = [
        "lib64/ld-linux-x86-64.so.2": elf(), "lib64/libx.so": elf(), "bin/program": elf("/lib64/ld-linux-x86-64.so.2"),
        "opt/one/libx.so": elf(),
    ]

    /// The smallest ELF file that counts here: a header, and one program header that names a loader.
    private static func elf(_ interpreter: String? = nil) -> [UInt8] {
        var bytes: [UInt8] = ELFFile.magic + [2, 1, 1] + [UInt8](repeating: 0, count: 9) + [3, 0, 62, 0, 1, 0, 0, 0]
        bytes += [UInt8](repeating: 0, count: 8) + [64] + [UInt8](repeating: 0, count: 7)
        bytes +=
            [UInt8](repeating: 0, count: 14) + [56, 0, interpreter == nil ? 0 : 1] + [UInt8](repeating: 0, count: 7)
        guard let interpreter else { return bytes }
        bytes += [3, 0, 0, 0, 4, 0, 0, 0, 120] + [UInt8](repeating: 0, count: 23)
        bytes += [UInt8(interpreter.utf8.count + 1)] + [UInt8](repeating: 0, count: 23)
        return bytes + Array(interpreter.utf8) + [0]
    }

    /// Files as a tar stream, in the order of their names.
    private static func archive(_ files: [String: [UInt8]]) -> [UInt8] {
        var bytes: [UInt8] = []
        for (name, content) in files.sorted(by: { $0.key < $1.key }) {
            var header = [UInt8](repeating: 0, count: TarRepair.block)
            func put(_ text: String, at place: Int) {
                header.replaceSubrange(place..<place + text.utf8.count, with: text.utf8)
            }
            put(name, at: 0)
            put("0000755", at: 100)
            let size = String(content.count, radix: 8)
            put(String(repeating: "0", count: 11 - size.utf8.count) + size, at: 124)
            put("0", at: 156)
            put("ustar\0" + "00", at: 257)
            bytes += header + content + [UInt8](repeating: 0, count: -content.count & (TarRepair.block - 1))
        }
        return TarRepair.repaired(bytes + [UInt8](repeating: 0, count: 2 * TarRepair.block))
    }
}
