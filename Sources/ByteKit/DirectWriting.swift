internal import CSystem
internal import Glibc

/// Writing to the disk without a stay in the page cache.
///
/// A page that is new to the cache must be found, and on a virtual machine often first be given by the host: that can
/// cost more than the disk does, and it pushes out what others have there. Where the file system has no such writing, or
/// the disk is slower than memory by so much that waiting for it would be felt, everything goes through the cache.
struct DirectWriting {
    /// Place, address and size of a direct write are multiples of this on all common devices.
    static let alignment = 4096

    private let descriptor: Int32
    private var isGivenUp = false
    private var bytes = 0
    private var nanoseconds = 0

    /// Nil where the file system cannot do it.
    init?(to descriptor: Int32) {
        self.descriptor = descriptor
        guard turn(on: true), turn(on: false) else { return nil }
    }

    /// Writes as much from the start of `bytes` as can go directly when the file's place is `place`; gives how much that
    /// was, or nil with errno. The rest is the caller's to write through the cache, for which the descriptor is ready.
    mutating func write(_ bytes: UnsafeRawBufferPointer, at place: Int) -> Int? {
        guard !isGivenUp, place % Self.alignment == 0, let base = bytes.baseAddress,
            Int(bitPattern: base) % Self.alignment == 0, turn(on: true)
        else { return 0 }
        defer { _ = turn(on: false) }
        let wanted = bytes.count & ~(Self.alignment - 1)
        var done = 0
        let start = csystem_monotonic_nanoseconds()
        while done < wanted {
            let wrote = unsafe Glibc.write(descriptor, base + done, wanted - done)
            if wrote < 0 && errno == EINTR { continue }
            if wrote < 0 && errno == EINVAL {
                isGivenUp = true
                break
            }
            guard wrote > 0 else { return nil }
            done += wrote
            // After a short write the place may be anything: the cache takes the rest.
            if wrote % Self.alignment != 0 { break }
        }
        judge(done, nanoseconds: csystem_monotonic_nanoseconds() - start)
        return done
    }

    /// A disk that has shown itself slow is left to the kernel, which writes behind our back.
    private mutating func judge(_ count: Int, nanoseconds time: Int64) {
        bytes += count
        nanoseconds += Int(time)
        if bytes >= Self.trial, bytes < nanoseconds / 1_000_000 * Self.bytesPerMillisecond { isGivenUp = true }
    }

    private static let trial = 32 << 20
    private static let bytesPerMillisecond = 250 << 10

    /// The mode is the descriptor's, and others may share it: it is on only while something is written.
    private func turn(on: Bool) -> Bool { csystem_set_direct(descriptor, on) == 0 }
}
