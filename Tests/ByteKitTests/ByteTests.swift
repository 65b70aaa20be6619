import ByteKit
import Testing

@Suite("Little-endian bytes and printable text") struct ByteTests {
    @Test("integers of every width are appended with their low byte first")
    func appends() {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: UInt8(0x12))
        bytes.append(littleEndian: UInt16(0x1234))
        bytes.append(littleEndian: UInt32(0x1234_5678))
        bytes.append(littleEndian: UInt64(0x0102_0304_0506_0708))
        bytes.append(littleEndian: Int16(-2))
        bytes.append(littleEndian: Int64.min)
        #expect(
            bytes == [
                0x12, 0x34, 0x12, 0x78, 0x56, 0x34, 0x12, 8, 7, 6, 5, 4, 3, 2, 1, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 0x80,
            ])
    }

    @Test("what was appended is read back, at any alignment")
    func roundTrip() {
        for shift in 0..<8 {
            var bytes = [UInt8](repeating: 0xee, count: shift)
            bytes.append(littleEndian: UInt16(0xfffe))
            bytes.append(littleEndian: Int32(-5))
            bytes.append(littleEndian: UInt64(0x5555_5555_5555_5556))
            bytes += [1, 2, 3]
            var reader = LittleEndianReader(bytes.span)
            #expect(reader.read(count: shift).count == shift)
            #expect(reader.read(UInt16.self) == 0xfffe)
            #expect(reader.read(Int32.self) == -5)
            #expect(reader.read(UInt64.self) == 0x5555_5555_5555_5556)
            #expect(reader.remaining == 3)
            #expect(reader.read(count: 3) == [1, 2, 3])
            #expect(reader.remaining == 0)
            #expect(reader.isExhausted == false)
        }
    }

    @Test(
        "a reader that is asked for too much gives nothing, says so, and stays at the end",
        arguments: [-1, 4, 5, Int.max, Int.min])
    func exhaustion(count: Int) {
        let bytes: [UInt8] = [1, 2, 3]
        var reader = LittleEndianReader(bytes.span)
        #expect(reader.read(count: count) == [])
        #expect(reader.isExhausted == true)
        #expect(reader.remaining == 0)
        #expect(reader.read(UInt16.self) == 0)
        #expect(reader.read(count: 0) == [])
    }

    @Test("an integer that is not there whole is zero, whatever is there of it")
    func halfAnInteger() {
        let bytes: [UInt8] = [0xff, 0xff, 0xff]
        var reader = LittleEndianReader(bytes.span)
        #expect(reader.read(UInt32.self) == 0)
        #expect(reader.isExhausted == true)
        #expect(reader.read(UInt16.self) == 0)
        let none: [UInt8] = []
        var empty = LittleEndianReader(none.span)
        #expect(empty.isExhausted == false)
        #expect(empty.read(UInt16.self) == 0)
        #expect(empty.isExhausted == true)
    }

    // MARK: - Diagnostic

    static let printable: [(text: String, shown: String)] = [
        ("plain text", "plain text"), ("", ""), ("ümlaut 漢字 🙂", "ümlaut 漢字 🙂"), ("a\nb", "a\\nb"),
        ("\u{1b}[31mred", "\\x1b[31mred"),
        ("\0", "\\x00"), ("tab\there", "tab\\x09here"), ("\r\n", "\\x0d\\n"), ("\u{7f}", "\\x7f"), ("\u{85}", "\\x85"),
        ("\u{9b}2J", "\\x9b2J"),
        ("\u{9f}", "\\x9f"), ("\u{a0}", "\u{a0}"), ("\u{8}\u{8}x", "\\x08\\x08x"),
    ]

    @Test("text from outside cannot command a terminal", arguments: printable)
    func shows(text: String, shown: String) { #expect(Diagnostic.printable(text) == shown) }

    @Test("no control character passes")
    func controls() {
        for value in Array(0..<0x20) + Array(0x7f..<0xa0) {
            guard let scalar = Unicode.Scalar(UInt32(value)) else { continue }
            let shown = Diagnostic.printable("a\(Character(scalar))b")
            #expect(shown.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7f..<0xa0).contains($0.value) })
            #expect(shown.hasPrefix("a\\") && shown.hasSuffix("b"))
        }
    }

    @Test("a diagnostic says where, what and what to do, on as few lines as that takes")
    func description() {
        let whole = Diagnostic(code: "some-code", message: "it broke\u{7}", location: "file:1:2", hint: "mend it\nnow")
        #expect("\(whole)" == "file:1:2: error[some-code]: it broke\\x07\n  help: mend it\\nnow")
        #expect("\(Diagnostic(code: "c", message: "m"))" == "error[c]: m")
    }
}
