import Packager
import Testing

@Suite("Lambda's limits")
struct LambdaLimitsTests {
    @Test(
        "A zip is held against each limit to the byte",
        arguments: [
            (52_428_800, 262_143_999, 0, [LambdaLimits.Excess.Limit]()), (52_428_801, 1, 0, [.directUpload]),
            (1, 262_144_000, 0, [.unpacked]), (1, 262_143_998, 1, []), (1, 262_143_999, 1, [.unpacked]),
            (262_144_001, 300_000_000, 0, [.directUpload, .unpacked]),
        ])
    func zips(size: Int, unpacked: Int, layers: Int, limits: [LambdaLimits.Excess.Limit]) {
        let found = LambdaLimits.check(zipSize: size, unpackedSize: unpacked, layers: layers)
        #expect(found.map(\.limit) == limits)
    }

    @Test("What is exceeded is said with the number of bytes")
    func messages() throws {
        let one = try #require(LambdaLimits.check(zipSize: 52_428_801, unpackedSize: 0).first)
        #expect(one.excess == 1 && one.hasOtherWay)
        #expect(
            one.message
                == "the package exceeds Lambda's limit for direct upload by 1 byte: it has 52428801, and 52428800 are allowed"
        )
        let many = try #require(LambdaLimits.check(zipSize: 1, unpackedSize: 262_144_010).first)
        #expect(many.excess == 11 && !many.hasOtherWay)
    }

    @Test("A tree must fit into /tmp, and an image into 10 GB, to the byte")
    func others() {
        #expect(LambdaLimits.check(treeSize: 512 << 20, ephemeralStorage: 512) == nil)
        let excess = LambdaLimits.check(treeSize: (512 << 20) + 1, ephemeralStorage: 512)
        #expect(excess?.limit == .ephemeralStorage && excess?.excess == 1)
        #expect(LambdaLimits.check(imageSize: 10_737_418_240) == nil)
        #expect(LambdaLimits.check(imageSize: 10_737_418_241)?.limit == .image)
    }
}
