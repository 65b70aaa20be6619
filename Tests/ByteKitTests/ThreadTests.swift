import ByteKit
import Testing

@Suite("Threads") struct ThreadTests {
    @Test("a thread runs its body, and join waits for it")
    func threads() throws {
        let ran = Monitor(0)
        let threads = try (0..<20).map { _ in try Thread { ran.withLock { $0 += 1 } } }
        threads.forEach { $0.join() }
        #expect(ran.withLock { $0 } == 20)
        threads.forEach { $0.join() }
    }

    @Test("only one thread at a time is inside a monitor")
    func exclusion() throws {
        let counter = Monitor(0)
        let threads = try (0..<4).map { _ in
            try Thread { for _ in 0..<5000 { counter.withLock { $0 = $0 + 1 } } }
        }
        threads.forEach { $0.join() }
        #expect(counter.withLock { $0 } == 20_000)
    }

    @Test("who waits on a monitor goes on when another makes it so")
    func waits() throws {
        let turn = Monitor(0)
        let order = Monitor([Int]())
        let threads = try (0..<5).reversed().map { index in
            try Thread {
                turn.wait { $0 == index ? () : nil }
                order.withLock { $0.append(index) }
                turn.withLock { $0 += 1 }
            }
        }
        threads.forEach { $0.join() }
        #expect(order.withLock { $0 } == [0, 1, 2, 3, 4])
    }

    @Test("an error thrown inside a monitor leaves it usable")
    func throwing() throws {
        struct Failure: Error {}
        let monitor = Monitor(1)
        #expect(throws: Failure.self) {
            try monitor.withLock { value in
                value = 2
                throw Failure()
            }
        }
        #expect(monitor.withLock { $0 } == 2)
    }

    // MARK: - WorkerPool

    @Test("a pool runs every job, in order when it has one thread", arguments: [1, 2, 7])
    func jobs(width: Int) throws {
        let pool = try WorkerPool(width: width)
        let done = Monitor([Int]())
        for index in 0..<1000 { pool.submit { done.withLock { $0.append(index) } } }
        let order = done.wait { $0.count == 1000 ? $0 : nil }
        #expect(order.sorted() == Array(0..<1000))
        if width == 1 { #expect(order == Array(0..<1000)) }
    }

    @Test("a pool's jobs run beside each other")
    func width() throws {
        let pool = try WorkerPool(width: 3)
        let inside = Monitor(0)
        // Each job waits until all three are inside: with fewer threads none would end.
        pool.forEach(3) { _ in
            inside.withLock { $0 += 1 }
            inside.wait { $0 >= 3 ? () : nil }
        }
        #expect(inside.withLock { $0 } == 3)
    }

    @Test("forEach visits every index once and waits for all", arguments: [0, 1, 5, 1000])
    func forEach(count: Int) throws {
        let seen = Monitor([Int](repeating: 0, count: count))
        try WorkerPool(width: 4).forEach(count) { index in seen.withLock { $0[index] += 1 } }
        #expect(seen.withLock { $0 } == [Int](repeating: 1, count: count))
    }

    @Test("a pool has at least one thread, and by default one for each processor", arguments: [-5, 0, 1])
    func atLeastOne(width: Int) throws {
        #expect(try WorkerPool(width: width).width == 1)
        #expect(WorkerPool.processors >= 1)
        #expect(try WorkerPool().width == WorkerPool.processors)
    }

    @Test("a pool that is dropped still ends the jobs it was given")
    func dropped() throws {
        let done = Monitor(0)
        do {
            let pool = try WorkerPool(width: 2)
            for _ in 0..<300 { pool.submit { done.withLock { $0 += 1 } } }
        }
        #expect(done.wait { $0 == 300 ? $0 : nil } == 300)
    }

    // MARK: - Channel

    @Test("what is sent is received in order, and then the end", arguments: [1, 2, 16])
    func channel(capacity: Int) throws {
        let channel = Channel<Int>(capacity: capacity)
        let sender = try Thread {
            for index in 0..<2000 { if !channel.send(index) { return } }
            channel.finish()
        }
        var received: [Int] = []
        while let value = channel.receive() { received.append(value) }
        sender.join()
        #expect(received == Array(0..<2000))
        #expect(channel.receive() == nil)
    }

    @Test("a sender is never more than the capacity ahead")
    func bounded() throws {
        let channel = Channel<Int>(capacity: 3)
        let sent = Monitor(0)
        let sender = try Thread {
            for index in 0..<50 where channel.send(index) { sent.withLock { $0 = index + 1 } }
            channel.finish()
        }
        for received in 0..<50 {
            // Before this one is taken, no more than it and three others can have been sent.
            #expect(sent.withLock { $0 } <= received + 3)
            #expect(channel.receive() == received)
        }
        sender.join()
    }

    @Test("a receiver that gives up frees a waiting sender and every later one")
    func cancel() throws {
        let channel = Channel<Int>(capacity: 1)
        #expect(channel.send(1))
        let result = Monitor<Bool?>(nil)
        let sender = try Thread {
            let sent = channel.send(2)
            result.withLock { $0 = sent }
        }
        channel.cancel()
        sender.join()
        #expect(result.withLock { $0 } == false)
        #expect(!channel.send(3))
    }

    @Test("what was sent before the end is still received after it")
    func finishKeeps() {
        let channel = Channel<String>(capacity: 4)
        #expect(channel.send("a"))
        #expect(channel.send("b"))
        channel.finish()
        #expect([channel.receive(), channel.receive(), channel.receive()] == ["a", "b", nil])
    }

    private struct Refused: Error, Equatable { let index: Int }

    @Test("work in parallel gives its results in order, and is done by no more threads than it may")
    func parallel() throws {
        let busy = Monitor((now: 0, most: 0))
        let squares = try Parallel.map(200, width: 4) { index throws(Refused) in
            busy.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
            defer { busy.withLock { $0.now -= 1 } }
            return index * index
        }
        #expect(squares == (0..<200).map { $0 * $0 })
        #expect((1...4).contains(busy.withLock { $0.most }))
        #expect(try Parallel.map(0, width: 4) { index throws(Refused) in index } == [])
    }

    @Test("work in parallel begins nothing new after a failure, and throws it")
    func parallelFailure() {
        let done = Monitor(0)
        let failure = #expect(throws: Refused.self) {
            try Parallel.map(1000, width: 1) { index throws(Refused) in
                guard index < 10 else { throw Refused(index: index) }
                done.withLock { $0 += 1 }
            }
        }
        #expect(failure == Refused(index: 10))
        #expect(done.withLock { $0 } == 10)
    }
}
