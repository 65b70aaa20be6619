/// A stretch of an image in memory. Whatever is read of an image comes through one of these, and is checked on its way in.
///
/// Not for two threads at a time: each reader owns one.
final class ImageWindow {
    /// What was brought in.
    private(set) var buffer = BlockBuffer(capacity: 0)
    private let source: ImageSource
    private let capacity: Int
    private var start: UInt64 = 0
    private var count = 0

    /// - Parameter capacity: how much is brought in at most for the sake of what is read next.
    init(_ source: ImageSource, capacity: Int) {
        self.source = source
        self.capacity = capacity
    }

    /// Makes sure that `wanted` bytes of the image from `place` are in the buffer, and says where in it.
    ///
    /// - Parameter ahead: how many bytes of the image from `place` on will be wanted soon.
    func bring(_ wanted: Int, at place: UInt64, ahead: Int = 0) throws(SquashError) -> Int {
        guard place <= source.length, UInt64(wanted) <= source.length - place else { throw SquashError(.truncated) }
        if place >= start, place - start <= UInt64(count), count - Int(place - start) >= wanted {
            return Int(place - start)
        }
        let end = place + min(UInt64(max(wanted, min(ahead, capacity))), source.length - place)
        let stretch = source.digests?.whole(place..<end) ?? place..<end
        if buffer.capacity < stretch.count {
            let slack = source.digests == nil ? 0 : 2 * BlockDigests.blockSize
            buffer = BlockBuffer(capacity: max(stretch.count, capacity + slack))
        }
        // Nothing is in it while it may be half of it.
        count = 0
        try source.read(into: buffer, at: 0, count: stretch.count, from: stretch.lowerBound)
        try source.digests?.check(buffer, stretch)
        start = stretch.lowerBound
        count = stretch.count
        return Int(place - start)
    }

    /// A copy of a few bytes.
    func bytes(_ count: Int, at place: UInt64) throws(SquashError) -> [UInt8] {
        let inside = try bring(count, at: place)
        return buffer.bytes(at: inside, count: count)
    }
}
