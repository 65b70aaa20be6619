internal import ByteKit

/// Makes little ELF files whose headers say what a test wants.
package struct ELFBuilder {
    package var is64Bit = true
    package var machine: UInt16 = 62
    package var interpreter: String?
    package var needed: [String] = []
    package var name: String?
    package var rpath: String?
    package var runpath: String?
    /// Machine code to be run from the beginning; the file is then a program.
    package var code: [UInt8] = []
    /// Bytes put after everything else.
    package var tail: [UInt8] = []

    package init(
        is64Bit: Bool = true, machine: UInt16 = 62, interpreter: String? = nil, needed: [String] = [],
        name: String? = nil, rpath: String? = nil, runpath: String? = nil, code: [UInt8] = [], tail: [UInt8] = []
    ) {
        self.is64Bit = is64Bit
        self.machine = machine
        self.interpreter = interpreter
        self.needed = needed
        self.name = name
        self.rpath = rpath
        self.runpath = runpath
        self.code = code
        self.tail = tail
    }

    package var bytes: [UInt8] {
        var strings: [UInt8] = [0]
        func add(_ text: String) -> UInt64 {
            defer { strings += [UInt8](text.utf8) + [0] }
            return UInt64(strings.count)
        }
        var entries: [(UInt64, UInt64)] = needed.map { (1, add($0)) }
        if let name { entries.append((14, add(name))) }
        if let rpath { entries.append((15, add(rpath))) }
        if let runpath { entries.append((29, add(runpath))) }
        let isDynamic = !entries.isEmpty
        let segmentCount = 1 + (isDynamic ? 1 : 0) + (interpreter == nil ? 0 : 1)
        let headerSize = is64Bit ? 64 : 52
        let segmentSize = is64Bit ? 56 : 32
        let codeStart = headerSize + segmentCount * segmentSize
        let interpreterStart = codeStart + code.count
        let interpreterBytes: [UInt8] = interpreter.map { [UInt8]($0.utf8) + [0] } ?? []
        let stringsStart = interpreterStart + interpreterBytes.count
        let dynamicStart = stringsStart + strings.count
        if isDynamic { entries += [(5, UInt64(Self.base + stringsStart)), (10, UInt64(strings.count)), (0, 0)] }
        var dynamic: [UInt8] = []
        for (tag, value) in entries {
            append(tag, to: &dynamic)
            append(value, to: &dynamic)
        }
        let total = dynamicStart + dynamic.count + tail.count
        var file = header(entry: Self.base + codeStart, segmentCount: segmentCount, headerSize, segmentSize)
        appendSegment(1, offset: 0, size: total, to: &file)
        if isDynamic { appendSegment(2, offset: dynamicStart, size: dynamic.count, to: &file) }
        if interpreter != nil { appendSegment(3, offset: interpreterStart, size: interpreterBytes.count, to: &file) }
        for part in [code, interpreterBytes, strings, dynamic, tail] { file += part }
        return file
    }

    private static let base = 0x40_0000

    private func append(_ word: UInt64, to bytes: inout [UInt8]) {
        if is64Bit { bytes.append(littleEndian: word) } else { bytes.append(littleEndian: UInt32(word)) }
    }

    private func header(entry: Int, segmentCount: Int, _ headerSize: Int, _ segmentSize: Int) -> [UInt8] {
        var bytes: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, is64Bit ? 2 : 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        // ET_EXEC for what is run, ET_DYN for the rest.
        bytes.append(littleEndian: UInt16(code.isEmpty ? 3 : 2))
        bytes.append(littleEndian: machine)
        bytes.append(littleEndian: UInt32(1))
        append(UInt64(entry), to: &bytes)
        append(UInt64(headerSize), to: &bytes)
        append(0, to: &bytes)
        bytes.append(littleEndian: UInt32(0))
        bytes.append(littleEndian: UInt16(headerSize))
        bytes.append(littleEndian: UInt16(segmentSize))
        bytes.append(littleEndian: UInt16(segmentCount))
        for _ in 0..<3 { bytes.append(littleEndian: UInt16(0)) }
        return bytes
    }

    private func appendSegment(_ kind: UInt32, offset: Int, size: Int, to bytes: inout [UInt8]) {
        bytes.append(littleEndian: kind)
        let flags: UInt32 = 5
        if is64Bit { bytes.append(littleEndian: flags) }
        append(UInt64(offset), to: &bytes)
        append(UInt64(Self.base + offset), to: &bytes)
        append(UInt64(Self.base + offset), to: &bytes)
        append(UInt64(size), to: &bytes)
        append(UInt64(size), to: &bytes)
        if !is64Bit { bytes.append(littleEndian: flags) }
        append(0x1000, to: &bytes)
    }
}
