internal import CSupervisor

#if !hasFeature(Embedded)
    internal import JSON
    internal import SquashFS
#endif

/// What a file is that is to be executed, as the kernel would look at it. execve(2), elf(5).
enum ProgramFile: Equatable {
    /// A text whose first line names its interpreter and at most one argument for it. The name may be empty.
    case script(interpreter: [UInt8], argument: [UInt8]?)
    /// An ELF program that a loader must load.
    case dynamic(loader: [UInt8])
    /// An ELF program that the kernel runs alone, or one of a kind that is the kernel's affair.
    case fixed
    /// Neither.
    case other

    /// Reads a file's beginning.
    init(_ path: [UInt8]) throws(SystemFailure) {
        let file = try OpenFile(path, .file)
        let head = Self.bytes(of: file, at: 0, count: 4096)
        if head.starts(with: [UInt8]("#!")) {
            self = Self.script([UInt8](head.prefix { $0 != 0x0a }))
        } else if head.starts(with: [0x7f] + [UInt8]("ELF")) {
            self = Self.loader(head, file).map { .dynamic(loader: $0) } ?? .fixed
        } else {
            self = .other
        }
    }

    /// As Linux does it: the interpreter's path, and all that follows as one argument.
    private static func script(_ line: [UInt8]) -> ProgramFile {
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }
        let words = line.dropFirst(2).drop(while: isSpace)
        let name = [UInt8](words.prefix { !isSpace($0) })
        var rest = [UInt8](words.dropFirst(name.count).drop(while: isSpace))
        while let last = rest.last, isSpace(last) { rest.removeLast() }
        return .script(interpreter: name, argument: rest.isEmpty ? nil : rest)
    }

    /// The loader that a 64-bit little-endian ELF file asks for; nil when it asks for none.
    private static func loader(_ head: [UInt8], _ file: borrowing OpenFile) -> [UInt8]? {
        guard head.count >= 64, head[4] == 2, head[5] == 1 else { return nil }
        let entrySize = number(head, at: 54, bytes: 2)
        let count = number(head, at: 56, bytes: 2)
        // PT_INTERP has a place, p_offset, and a size, p_filesz, in an entry of 56 bytes.
        guard entrySize >= 56, count <= 1024 else { return nil }
        let table = bytes(of: file, at: number(head, at: 32, bytes: 8), count: Int(entrySize * count))
        var start = 0
        while table.count - start >= 56 {
            if number(table, at: start, bytes: 4) == 3 {
                let size = min(number(table, at: start + 32, bytes: 8), 4096)
                let name = bytes(of: file, at: number(table, at: start + 8, bytes: 8), count: Int(size))
                return [UInt8](name.prefix { $0 != 0 })
            }
            start += Int(entrySize)
        }
        return nil
    }

    private static func number(_ bytes: [UInt8], at place: Int, bytes count: Int) -> UInt64 {
        var number: UInt64 = 0
        for index in 0..<count { number |= UInt64(bytes[place + index]) << UInt64(8 * index) }
        return number
    }

    /// Bytes at a place; fewer at the end, and none where they cannot be read.
    private static func bytes(of file: borrowing OpenFile, at offset: UInt64, count: Int) -> [UInt8] {
        let descriptor = file.descriptor
        return unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = max(0, unsafe csupervisor_read_at(descriptor, buffer.baseAddress, buffer.count, offset))
        }
    }
}
