internal import CSystem
internal import Glibc

/// A thread of our own. Blocking C (transfers, files, codecs) runs on these, never on the cooperative pool.
package struct Thread: Sendable {
    private let done: Monitor<Bool>

    /// Starts `body` at once; throws when the kernel has no thread to give.
    package init(_ body: @escaping @Sendable () -> Void) throws(FileError) {
        let done = Monitor(false)
        self.done = done
        let start = unsafe Unmanaged.passRetained(
            Start {
                body()
                done.withLock { $0 = true }
            })
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        unsafe pthread_attr_setstacksize(&attributes, 2 << 20)
        var thread = pthread_t()
        let failure = unsafe pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument = unsafe argument else { return nil }
                unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            }, start.toOpaque())
        unsafe pthread_attr_destroy(&attributes)
        guard failure == 0 else {
            unsafe start.release()
            throw FileError("start", "a thread", errorNumber: failure)
        }
    }

    /// Waits until the body has ended.
    package func join() {
        done.wait { $0 ? () : nil }
    }

    private final class Start: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
}

/// A fixed number of threads that take jobs in the order they were given.
package final class WorkerPool: Sendable {
    /// How many threads there are.
    package let width: Int
    private let queue: Monitor<Queue>

    private struct Queue {
        var jobs: [@Sendable () -> Void] = []
        var next = 0
        var isClosed = false
    }

    /// - Parameter width: how many threads; by default one for each processor this process may use.
    package init(width: Int = WorkerPool.processors) throws(FileError) {
        let queue = Monitor(Queue())
        self.queue = queue
        var started = 0
        for _ in 0..<max(1, width) {
            do throws(FileError) {
                _ = try Thread {
                    while let job = queue.wait({ Self.take(&$0) }) { job() }
                }
                started += 1
            } catch {
                // Fewer threads than hoped for do the same work; none do not.
                guard started > 0 else { throw error }
                break
            }
        }
        self.width = started
    }

    /// Hands in a job. It never blocks: bounding what is in flight is the caller's affair, who knows what it costs.
    package func submit(_ job: @escaping @Sendable () -> Void) {
        queue.withLock { $0.jobs.append(job) }
    }

    /// Runs `body` for 0 ..< `count`, spread over the pool, and waits for all.
    package func forEach(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        let left = Monitor(count)
        for index in 0..<count {
            submit {
                body(index)
                left.withLock { $0 -= 1 }
            }
        }
        left.wait { $0 == 0 ? () : nil }
    }

    /// The processors this process may run on.
    package static var processors: Int { Int(csystem_processors()) }

    private static func take(_ queue: inout Queue) -> (@Sendable () -> Void)?? {
        guard queue.next < queue.jobs.count else { return queue.isClosed ? .some(nil) : nil }
        let job = queue.jobs[queue.next]
        queue.next += 1
        if queue.next == queue.jobs.count || queue.next >= 256 {
            queue.jobs.removeFirst(queue.next)
            queue.next = 0
        }
        return .some(job)
    }

    deinit { queue.withLock { $0.isClosed = true } }
}

/// A bounded queue of values between two threads.
package final class Channel<Element: Sendable>: Sendable {
    private let state: Monitor<State>
    private let capacity: Int

    private struct State {
        var elements: [Element] = []
        var isFinished = false
        var isCancelled = false
    }

    /// - Parameter capacity: how many elements may wait before the sender does.
    package init(capacity: Int) {
        self.capacity = capacity
        state = Monitor(State())
    }

    /// Hands an element on, waiting for room; false when the receiver has gone.
    package func send(_ element: Element) -> Bool {
        state.wait { state in
            if state.isCancelled { return false }
            guard state.elements.count < capacity else { return nil }
            state.elements.append(element)
            return true
        }
    }

    /// The next element, or nil when the sender has finished.
    package func receive() -> Element? {
        state.wait { state -> Element?? in
            if !state.elements.isEmpty { return .some(state.elements.removeFirst()) }
            return state.isFinished ? .some(nil) : nil
        }
    }

    /// The sender's last word.
    package func finish() { state.withLock { $0.isFinished = true } }

    /// The receiver wants no more: pending and later elements are dropped, and a waiting sender goes on.
    package func cancel() {
        state.withLock { state in
            state.isCancelled = true
            state.elements.removeAll()
        }
    }
}
