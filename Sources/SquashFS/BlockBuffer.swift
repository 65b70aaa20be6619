internal import CSupervisor

/// Memory of a fixed size that blocks are read and decompressed into.
///
/// The one place where the reader holds a raw pointer: every region is checked against the capacity here.
@safe struct BlockBuffer: ~Copyable {
    let capacity: Int
    private let base: UnsafeMutableRawPointer

    init(capacity: Int) {
        self.capacity = capacity
        unsafe base = .allocate(byteCount: max(1, capacity), alignment: 64)
    }

    /// The memory from `offset`, `count` bytes of it; nil when that is not all inside.
    @unsafe func region(at offset: Int, count: Int) -> UnsafeMutableRawBufferPointer? {
        guard offset >= 0, count >= 0, offset <= capacity, count <= capacity - offset else { return nil }
        return unsafe UnsafeMutableRawBufferPointer(start: base + offset, count: count)
    }

    /// A copy of some of the bytes; what is outside is left out.
    func bytes(at offset: Int, count: Int) -> [UInt8] {
        guard let region = unsafe region(at: offset, count: count) else { return [] }
        return unsafe [UInt8](region)
    }

    /// Appends some of the bytes to an array; what is outside is left out.
    func append(at offset: Int, count: Int, to bytes: inout [UInt8]) {
        guard let region = unsafe region(at: offset, count: count) else { return }
        unsafe bytes.append(contentsOf: region)
    }

    /// Copies bytes out of another buffer; false when one of the regions is not inside.
    func copy(at offset: Int, from other: borrowing BlockBuffer, at otherOffset: Int, count: Int) -> Bool {
        guard let to = unsafe region(at: offset, count: count),
            let from = unsafe other.region(at: otherOffset, count: count)
        else { return false }
        unsafe to.copyMemory(from: UnsafeRawBufferPointer(from))
        return true
    }

    /// Sets bytes to zero; false when the region is not inside.
    func clear(at offset: Int, count: Int) -> Bool {
        guard let region = unsafe region(at: offset, count: count) else { return false }
        unsafe region.initializeMemory(as: UInt8.self, repeating: 0)
        return true
    }

    /// Writes the first bytes to a place in a file.
    func write(_ count: Int, to file: borrowing OpenFile, at place: Int) throws(SystemFailure) {
        guard let region = unsafe region(at: 0, count: count), place >= 0
        else { throw SystemFailure(errorNumber: SystemFailure.invalid) }
        try SystemFailure.check(
            unsafe csupervisor_write_at(file.descriptor, region.baseAddress, count, UInt64(place)))
    }

    deinit { unsafe base.deallocate() }
}

/// The bytes of an image: a stretch of an open file, which may be the whole of it or a part of an archive.
struct ImageSource: Sendable {
    let descriptor: Int32
    /// Where the image begins in the file.
    let base: UInt64
    /// How long it is, without what follows its end in the file.
    var length: UInt64
    /// What its bytes are held against; nil for nothing.
    var digests: BlockDigests?

    /// Reads all `count` bytes from `offset` of the file's part, unchecked.
    func read(into buffer: borrowing BlockBuffer, at place: Int, count: Int, from offset: UInt64) throws(SquashError) {
        guard let region = unsafe buffer.region(at: place, count: count) else { throw SquashError(.truncated) }
        var done = 0
        while done < count, let start = region.baseAddress {
            let got = unsafe csupervisor_read_at(descriptor, start + done, count - done, base + offset + UInt64(done))
            guard got >= 0 else { throw SquashError(.readFailed, errorNumber: Int32(truncatingIfNeeded: -got)) }
            guard got > 0 else { throw SquashError(.truncated) }
            done += got
        }
    }
}

extension [UInt8] {
    // Callers have taken a record of known size: an index outside is a mistake of ours, not of the image.
    func integer16(at index: Int) -> UInt16 { UInt16(self[index]) | UInt16(self[index + 1]) << 8 }
    func integer32(at index: Int) -> UInt32 { UInt32(integer16(at: index)) | UInt32(integer16(at: index + 2)) << 16 }
    func integer64(at index: Int) -> UInt64 { UInt64(integer32(at: index)) | UInt64(integer32(at: index + 4)) << 32 }
}
