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
    @usableFromInline package let bytes: Span<UInt8>
    @usableFromInline package var offset = 0
    /// Whether more was asked for than there is.
    @usableFromInline package var isExhausted = false

    @_lifetime(copy bytes)
    package init(_ bytes: Span<UInt8>) {
        self.bytes = bytes
    }

    /// Bytes not read yet.
    package var remaining: Int { bytes.count - offset }

    // Inlined, because an object's tables are hundreds of thousands of these.
    @inlinable
    @_lifetime(self: copy self)
    package mutating func read<Integer: FixedWidthInteger>(_: Integer.Type = Integer.self) -> Integer {
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

    @usableFromInline
    @_lifetime(self: copy self)
    package mutating func exhaust() {
        isExhausted = true
        offset = bytes.count
    }
}
