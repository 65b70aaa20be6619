/// Bytes that arrive in order, a piece at a time, lent rather than copied.
package protocol ByteStream: ~Copyable {
    /// The next bytes, valid until the next call; none at the end.
    mutating func next() throws -> UnsafeRawBufferPointer
}
