/// Tells data that no compressor makes smaller (videos, archives, keys) at a hundred times a slow compressor's speed.
///
/// Two looks. A sample of 4 KiB must have all byte values about equally often. And nothing may stand twice: data that
/// looks like noise and repeats itself is what compressors are for. Integers only, so that every machine says the same.
@safe package final class NoiseDetector {
    /// A word that was met, for each hash of one.
    private let seen: UnsafeMutablePointer<UInt64>

    private static let slots = 4096
    private static let wordSize = MemoryLayout<UInt64>.size
    /// The sample: so many runs of so many bytes.
    private static let runs = 256
    private static let runSize = 16
    private static let sampleSize = runs * runSize
    /// The sum of squares of the counts of byte values in a sample up to which they count as equally frequent.
    ///
    /// Noise has 69,616 on average, with a deviation of 361. With n bytes in the sample, and near equality, the entropy
    /// falls short of 8 bits a byte by (256 · sum / n - n) / (2 · ln 2 · n): here it is 7.94 bits.
    private static let mostSquares = 70_988

    package init() { unsafe seen = .allocate(capacity: Self.slots) }

    /// Whether trying to compress these bytes is vain.
    @unsafe package func isNoise(_ bytes: UnsafeRawBufferPointer) -> Bool {
        unsafe bytes.count >= Self.sampleSize && isFlat(bytes) && !hasRepeats(bytes)
    }

    private func isFlat(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let stride = bytes.count / Self.runs
        let slack = UInt32(stride - Self.runSize + 1)
        return unsafe withUnsafeTemporaryAllocation(of: UInt16.self, capacity: 256) { counts in
            unsafe counts.initialize(repeating: 0)
            for run in 0..<Self.runs {
                // Not the same place in each stretch: data made of records has its own rhythm.
                let shift = (UInt32(run) &* 0x9e37_79b1) >> 16 % slack
                let start = run * stride + Int(shift)
                for index in start..<start + Self.runSize { unsafe counts[Int(bytes[index])] += 1 }
            }
            return unsafe counts.reduce(0) { $0 + Int($1) * Int($1) } <= Self.mostSquares
        }
    }

    /// Whether a word of eight bytes stands twice, among those that a hash picks: about 2,048 to 4,096 of a block, at any
    /// distance and whatever its alignment.
    private func hasRepeats(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var skipped = 0
        while bytes.count >> skipped > Self.slots { skipped += 1 }
        // The top bits pick, bits below them say where.
        let most = UInt64.max >> UInt64(skipped)
        unsafe seen.update(repeating: 0, count: Self.slots)
        for index in 0...bytes.count - Self.wordSize {
            let word = unsafe UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            let hash = word &* 0x9e37_79b9_7f4a_7c15
            guard hash <= most else { continue }
            let slot = Int(hash >> 20 & UInt64(Self.slots - 1))
            // A word of zeros meets the empty slot: eight zeros in a row are no noise either.
            if unsafe seen[slot] == word { return true }
            unsafe seen[slot] = word
        }
        return false
    }

    deinit { unsafe seen.deallocate() }
}
