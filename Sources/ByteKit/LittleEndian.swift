/// Appending integers as the formats we write have them: little-endian.
extension [UInt8] {
    // Inlined, because an image's tables are millions of these.
    @inlinable package mutating func append<Integer: FixedWidthInteger>(littleEndian value: Integer) {
        unsafe Swift.withUnsafeBytes(of: value.littleEndian) { unsafe append(contentsOf: $0) }
    }
}

/// Reads little-endian integers and runs of bytes, in order, from bytes that nobody vouches for.
///
/// Once it has run past the end it gives zeros and says so: a decoder reads a record whole and asks once.
package struct LittleEndianReader: ~Escapable {
    private let bytes: Span<UInt8>
    private var offset = 0
    /// Whether more was asked for than there is.
    package private(set) var isExhausted = false

    @_lifetime(copy bytes)
    package init(_ bytes: Span<UInt8>) {
        self.bytes = bytes
    }

    /// Bytes not read yet.
    package var remaining: Int { bytes.count - offset }

    // One method for each width: a generic one is looked up at run time when it is called from another module, and an
    // object's tables are millions of these.
    @_lifetime(self: copy self)
    package mutating func read(_: UInt16.Type = UInt16.self) -> UInt16 { integer() }

    @_lifetime(self: copy self)
    package mutating func read(_: UInt32.Type = UInt32.self) -> UInt32 { integer() }

    @_lifetime(self: copy self)
    package mutating func read(_: Int32.Type = Int32.self) -> Int32 { integer() }

    @_lifetime(self: copy self)
    package mutating func read(_: UInt64.Type = UInt64.self) -> UInt64 { integer() }

    @_lifetime(self: copy self)
    package mutating func read(_: Int64.Type = Int64.self) -> Int64 { integer() }

    @_lifetime(self: copy self)
    package mutating func read(_: Digest.Type = Digest.self) -> Digest {
        let words: (UInt64, UInt64, UInt64, UInt64) = (integer(), integer(), integer(), integer())
        return Digest(sum: (words.0.littleEndian, words.1.littleEndian, words.2.littleEndian, words.3.littleEndian))
    }

    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func integer<Integer: FixedWidthInteger>() -> Integer {
        let size = Integer.bitWidth / 8
        guard size <= remaining else {
            exhaust()
            return 0
        }
        // One bounds check for the whole integer: the guard above.
        let value = unsafe bytes.withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: offset, as: Integer.self) }
        offset += size
        return Integer(littleEndian: value)
    }

    @_lifetime(self: copy self)
    package mutating func read(count: Int) -> [UInt8] {
        guard count >= 0, count <= remaining else {
            exhaust()
            return []
        }
        let run = bytes.extracting(offset..<offset + count)
        offset += count
        return unsafe run.withUnsafeBufferPointer { unsafe [UInt8]($0) }
    }

    @_lifetime(self: copy self)
    private mutating func exhaust() {
        isExhausted = true
        offset = bytes.count
    }
}
