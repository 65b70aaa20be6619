/// One header block of a tar archive, every field of it open to being wrong.
///
/// POSIX.1-2017 pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format".
package struct TarBlock: Sendable {
    /// Whose header it is; each fills the end of the block differently.
    package enum Form: Sendable {
        case v7, ustar, gnu
    }

    package var form: Form
    package var type: UInt8
    package var name: [UInt8]
    package var linkName: [UInt8] = []
    package var prefix: [UInt8] = []
    package var mode: Int64 = 0o644
    package var owner: Int64 = 0
    package var group: Int64 = 0
    package var size: Int64 = 0
    package var time: Int64 = 0
    package var major: Int64 = 0
    package var minor: Int64 = 0
    /// Bytes put over the finished fields before the checksum is made.
    package var patches: [(offset: Int, bytes: [UInt8])] = []
    /// What is added to the right checksum.
    package var checksumError: Int64 = 0

    package init(_ name: some Sequence<UInt8>, type: Character = "0", size: Int = 0, form: Form = .ustar) {
        self.form = form
        self.type = type == "\0" ? 0 : type.asciiValue ?? 0
        self.name = Array(name)
        self.size = Int64(size)
    }

    package init(_ name: String, type: Character = "0", size: Int = 0, form: Form = .ustar) {
        self.init(name.utf8, type: type, size: size, form: form)
    }

    /// The 512 bytes.
    package var bytes: [UInt8] {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ field: [UInt8], at offset: Int, limit: Int = .max) {
            let field = field.prefix(limit)
            block.replaceSubrange(offset..<offset + field.count, with: field)
        }
        put(name, at: 0, limit: 100)
        put(Self.number(mode, width: 8), at: 100)
        put(Self.number(owner, width: 8), at: 108)
        put(Self.number(group, width: 8), at: 116)
        put(Self.number(size, width: 12), at: 124)
        put(Self.number(time, width: 12), at: 136)
        block[156] = type
        put(linkName, at: 157, limit: 100)
        switch form {
        case .v7: break
        case .ustar: put(Array("ustar\u{0}00".utf8), at: 257)
        case .gnu: put(Array("ustar  \u{0}".utf8), at: 257)
        }
        if form != .v7 {
            put(Self.number(major, width: 8), at: 329)
            put(Self.number(minor, width: 8), at: 337)
        }
        if form == .ustar { put(prefix, at: 345, limit: 155) }
        for patch in patches { put(patch.bytes, at: patch.offset) }
        put(Array(repeating: UInt8(ascii: " "), count: 8), at: 148)
        let sum = block.reduce(Int64(0)) { $0 + Int64($1) }
        put(Self.octal(sum + checksumError, digits: 6) + [0, UInt8(ascii: " ")], at: 148)
        return block
    }

    /// A field of a number: octal when it fits, GNU's base 256 when it does not.
    package static func number(_ value: Int64, width: Int) -> [UInt8] {
        let digits = width - 1
        if value >= 0, value >> Int64(3 * digits) == 0 { return octal(value, digits: digits) + [0] }
        return base256(value, width: width)
    }

    /// Octal digits with leading zeros.
    package static func octal(_ value: Int64, digits: Int) -> [UInt8] {
        (0..<digits).reversed().map { UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value >> Int64(3 * $0) & 7) }
    }

    /// GNU's form: big-endian two's complement behind a set first bit.
    package static func base256(_ value: Int64, width: Int) -> [UInt8] {
        var bytes = (0..<width).reversed().map {
            UInt8(truncatingIfNeeded: $0 >= 8 ? value >> 63 : value >> Int64(8 * $0))
        }
        bytes[0] |= 0x80
        return bytes
    }
}
