import ByteKit
import TestKit
import Testing

@Suite("A content's mark") struct ContentMarkTests {
    private func mark(_ bytes: [UInt8]) -> ContentMark {
        var marker = ContentMarker()
        marker.update(bytes)
        return marker.finalize()
    }

    @Test("does not depend on how the bytes were handed in, and the marker begins anew afterwards")
    func increments() {
        var numbers = SeededNumbers(seed: 41)
        let content = numbers.bytes(10_000)
        var marker = ContentMarker()
        for _ in 0..<3 {
            var rest = content[...]
            while !rest.isEmpty {
                let piece = rest.prefix(numbers.below(300))
                marker.update(Array(piece))
                rest = rest.dropFirst(piece.count)
            }
            #expect(marker.finalize() == mark(content))
        }
        #expect(marker.finalize() == mark([]))
    }

    @Test("is another for every other content: one bit, one byte more, zeros of other lengths")
    func differences() {
        var numbers = SeededNumbers(seed: 42)
        let content = numbers.bytes(1000)
        var marks: Set<ContentMark> = [mark(content)]
        for bit in 0..<8000 {
            var other = content
            other[bit / 8] ^= 1 << UInt8(bit % 8)
            marks.insert(mark(other))
        }
        for count in 0..<1000 { marks.insert(mark(Array(content.prefix(count)))) }
        // The empty one is the same as no zeros at all.
        for count in 1...1000 { marks.insert(mark([UInt8](repeating: 0, count: count))) }
        #expect(marks.count == 1 + 8000 + 1000 + 1000)
    }
}
