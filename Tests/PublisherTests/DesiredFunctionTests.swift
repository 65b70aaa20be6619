import ByteKit
import Publisher
import Testing

@Suite("A desired function")
struct DesiredFunctionTests {
    private static func function(
        timeout: Int = 300, threshold: Int = 10, layers: Int = 0, environment: [(name: String, value: String)] = []
    ) -> DesiredFunction {
        DesiredFunction(
            memory: 512, timeout: timeout, timeoutThreshold: threshold, ephemeralStorage: 512,
            layers: (0..<layers).map { "arn:aws:lambda:us-east-1:012345678912:layer:l:\($0)" }, environment: environment
        )
    }

    @Test("is fine within Lambda's limits")
    func fine() throws {
        try Self.function(layers: 5, environment: [("A", String(repeating: "x", count: 4095))]).validate(name: "f")
    }

    @Test("must leave time to run")
    func threshold() {
        #expect(throws: PublishError.self) { try Self.function(timeout: 10, threshold: 10).validate(name: "f") }
    }

    @Test("has at most five layers")
    func layers() {
        #expect(throws: PublishError.self) { try Self.function(layers: 6).validate(name: "f") }
    }

    @Test("has variables of at most 4096 bytes, names counted")
    func environment() {
        #expect(throws: PublishError.self) {
            try Self.function(environment: [("A", String(repeating: "x", count: 4096))]).validate(name: "f")
        }
    }
}
