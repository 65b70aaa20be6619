/// The same work on many things, a few at a time.
package enum Parallel {
    private struct State<Value: Sendable, Failure: Error>: Sendable {
        var next = 0
        var results: [Value?]
        var failure: Failure?
    }

    /// Results in the order of the things, which are begun in that order.
    ///
    /// After the first failure no new work begins; what is under way ends, and that failure is thrown. The work itself
    /// notices when the person wants to stop, and fails then.
    package static func map<Value: Sendable, Failure: Error>(
        _ count: Int, width: Int, _ body: @escaping @Sendable (Int) throws(Failure) -> Value
    ) throws(Failure) -> [Value] {
        let state = Monitor(State<Value, Failure>(results: Array(repeating: nil, count: count)))
        let work: @Sendable () -> Void = {
            while let index = state.withLock({ Self.next(&$0) }) {
                do throws(Failure) {
                    let value = try body(index)
                    state.withLock { $0.results[index] = value }
                } catch {
                    state.withLock { $0.failure = $0.failure ?? error }
                }
            }
        }
        var threads: [Thread] = []
        for _ in 1..<max(1, min(width, count)) {
            // Fewer threads do the same work.
            guard let thread = try? Thread(work) else { break }
            threads.append(thread)
        }
        work()
        for thread in threads { thread.join() }
        let (results, failure) = state.withLock { ($0.results, $0.failure) }
        if let failure { throw failure }
        return results.compactMap(\.self)
    }

    private static func next<Value, Failure>(_ state: inout State<Value, Failure>) -> Int? {
        guard state.failure == nil, state.next < state.results.count else { return nil }
        state.next += 1
        return state.next - 1
    }
}
