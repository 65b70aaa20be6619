import LayerFS
import TestKit
import Testing

@Suite("Looking for noise") struct NoiseTests {
    private static func isNoise(_ bytes: [UInt8]) -> Bool {
        let detector = NoiseDetector()
        let first = unsafe bytes.withUnsafeBytes { unsafe detector.isNoise($0) }
        // What was looked at before changes nothing.
        let again = unsafe bytes.withUnsafeBytes { unsafe detector.isNoise($0) }
        return first && again
    }

    @Test("finds random bytes in blocks of all sizes", arguments: [4096, 5000, 65_536, 131_072, 131_071, 1 << 20])
    func noise(size: Int) {
        var numbers = SeededNumbers(seed: 61)
        let found = (0..<50).count { _ in Self.isNoise(numbers.bytes(size)) }
        // The threshold is four deviations from the mean.
        #expect(found >= 48)
    }

    @Test("takes little data for what it may be", arguments: [0, 1, 8, 100, 4095])
    func small(size: Int) {
        var numbers = SeededNumbers(seed: 62)
        #expect(!Self.isNoise(numbers.bytes(size)))
    }

    @Test("does not take data for noise in which bytes are missing", arguments: [245, 192, 128, 64, 16, 2, 1])
    func alphabets(count: Int) {
        var numbers = SeededNumbers(seed: 63)
        for _ in 0..<20 {
            let bytes = numbers.bytes(131_072).map { UInt8(Int($0) * count / 256) }
            #expect(!Self.isNoise(bytes))
        }
    }

    @Test("does not take the beginning, the middle or the end for the whole", arguments: [0, 60_000, 115_000])
    func mixtures(start: Int) {
        var numbers = SeededNumbers(seed: 64)
        var bytes = numbers.bytes(131_072)
        #expect(Self.isNoise(bytes))
        // An eighth of text among noise.
        for index in start..<start + 16_000 { bytes[index] = UInt8(ascii: "a") + UInt8(numbers.below(26)) }
        #expect(!Self.isNoise(bytes))
    }

    @Test("finds what stands twice, at any distance", arguments: [4096, 131_072, 1 << 20])
    func repetitions(size: Int) {
        var numbers = SeededNumbers(seed: 65)
        // A hundredth of the block, at places without any order.
        let length = max(100, size / 100)
        var found = 0
        for _ in 0..<30 {
            var bytes = numbers.bytes(size)
            let from = numbers.below(size / 2 - length)
            let to = size / 2 + numbers.below(size / 2 - length)
            bytes.replaceSubrange(to..<to + length, with: bytes[from..<from + length])
            if !Self.isNoise(bytes) { found += 1 }
        }
        #expect(found == 30)
    }

    @Test("is not fooled by records that begin with noise", arguments: [16, 512, 513, 4096])
    func records(size: Int) {
        var numbers = SeededNumbers(seed: 66)
        var bytes: [UInt8] = []
        while bytes.count < 131_072 {
            bytes +=
                numbers.bytes(min(16, size / 2)) + (0..<size - min(16, size / 2)).map { UInt8(truncatingIfNeeded: $0) }
        }
        #expect(!Self.isNoise(bytes))
    }
}
