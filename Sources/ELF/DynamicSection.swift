internal import ByteKit

/// The dynamic section: pairs of tag and value up to `DT_NULL`.
struct DynamicSection {
    /// More than any file has; what lies beyond is not read.
    static let mostBytes = 64 << 10

    /// `DT_STRTAB`, an address.
    private(set) var stringTable: Int?
    /// `DT_STRSZ`.
    private(set) var stringTableSize = 0
    /// `DT_FLAGS_1`.
    private(set) var flags = 0
    /// What follows are offsets into the string table. Of all but `DT_NEEDED` the last counts, as for the loaders.
    private(set) var needed: [Int] = []
    private(set) var name: Int?
    private(set) var rpath: Int?
    private(set) var runpath: Int?

    init(_ bytes: [UInt8], is64Bit: Bool) {
        var reader = LittleEndianReader(bytes.span)
        while reader.remaining >= (is64Bit ? 16 : 8) {
            let tag: UInt64 = is64Bit ? reader.read() : UInt64(reader.read(UInt32.self))
            let value: UInt64 = is64Bit ? reader.read() : UInt64(reader.read(UInt32.self))
            if tag == 0 { return }
            guard let value = Int(exactly: value) else { continue }
            switch tag {
            case 1: needed.append(value)
            case 5: stringTable = value
            case 10: stringTableSize = value
            case 14: name = value
            case 15: rpath = value
            case 29: runpath = value
            case 0x6fff_fffb: flags = value
            default: continue
            }
        }
    }
}
