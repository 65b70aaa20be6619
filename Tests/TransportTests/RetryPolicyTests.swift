import ByteKit
import Testing
import TestKit
import Transport

@Suite struct RetryPolicyTests {
    private struct Failure: RetriableError {
        var isTransient = true
        var retryAfter: Duration?
        var diagnostic: Diagnostic { Diagnostic(code: "test", message: "it failed") }
    }

    @Test("Waits grow, are bounded, and end after the last attempt")
    func growth() {
        let time = ManualTime()
        var policy = RetryPolicy(time: time.source)
        policy.attempts = 9
        policy.firstDelay = .seconds(1)
        policy.longestDelay = .seconds(20)
        #expect(throws: Failure.self) { try policy.run { () throws(Failure) in throw Failure() } }
        #expect(time.sleeps == [1, 2, 4, 8, 16, 20, 20, 20].map { .seconds($0) })
    }

    @Test("What cannot get better is not tried again")
    func permanent() {
        let time = ManualTime()
        #expect(throws: Failure.self) {
            try RetryPolicy(time: time.source).run { () throws(Failure) in throw Failure(isTransient: false) }
        }
        #expect(time.sleeps.isEmpty)
    }

    @Test("A server's own wait is kept, unless it asks for too much")
    func retryAfter() {
        let policy = RetryPolicy(time: ManualTime().source)
        #expect(policy.delay(afterFailures: 1, retryAfter: .seconds(7)) == .seconds(7))
        #expect(policy.delay(afterFailures: 1, retryAfter: .seconds(121)) == nil)
        #expect(policy.delay(afterFailures: 1, retryAfter: .zero) == policy.firstDelay)
    }

    @Test("Attempts that get further do not use up patience")
    func progress() throws {
        let time = ManualTime()
        var policy = RetryPolicy(time: time.source)
        policy.attempts = 2
        var count = 0
        let result = try policy.run(madeProgress: { true }) { () throws(Failure) in
            count += 1
            guard count == 50 else { throw Failure() }
            return count
        }
        #expect(result == 50)
        #expect(Set(time.sleeps).count == 1)
    }
}
