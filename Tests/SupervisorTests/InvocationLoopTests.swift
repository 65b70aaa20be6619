import Supervisor
import Testing

/// Lambda as a list of what it says; it writes down what it is told.
private struct ScriptedEndpoint: RuntimeEndpoint {
    var events: [Result<Invocation, RuntimeError>]
    var refusals: [RuntimeError?] = []
    var heard: [String] = []
    /// What is called when the next event is asked for, and when something is told.
    var onNext: () -> Void = {}
    var onTold: () -> Void = {}

    mutating func next() throws(RuntimeError) -> Invocation {
        onNext()
        heard.append("next")
        return events.isEmpty
            ? try Result<Invocation, RuntimeError>.failure(.over(410)).get() : try events.removeFirst().get()
    }

    private mutating func take(_ what: String) throws(RuntimeError) {
        onTold()
        heard.append(what)
        if !refusals.isEmpty, let refusal = refusals.removeFirst() { throw refusal }
    }

    mutating func respond(to requestID: [UInt8], with body: [UInt8]) throws(RuntimeError) {
        try take("response \(text(requestID)) \(body.count > 20 ? "\(body.count) bytes" : text(body))")
    }

    mutating func report(_ failure: Failure, for requestID: [UInt8]) throws(RuntimeError) {
        try take("error \(text(requestID)) \(failure.type.text)")
    }

    mutating func reportInit(_ failure: Failure) throws(RuntimeError) { try take("init error \(failure.type.text)") }
    func stream(for requestID: [UInt8]) -> ResponseStream? { nil }
}

private struct ScriptedWorker: InvocationWorker {
    var start: Failure?
    var answer: (Invocation) -> Result<[UInt8], Failure> = { .success($0.event) }
    var onRest: () -> Void = {}

    mutating func rest() { onRest() }
    mutating func prepare() throws(Failure) { if let start { throw start } }
    mutating func handle(_ invocation: Invocation, _ stream: ResponseStream?) throws(Failure) -> Handled {
        .answer(try answer(invocation).get())
    }
}

@Suite struct InvocationLoopTests {
    private func run(_ endpoint: ScriptedEndpoint, _ worker: ScriptedWorker = ScriptedWorker()) -> (Int32, [String]) {
        var driver = InvocationDriver(endpoint: endpoint, worker: worker)
        let code = driver.run()
        return (code, driver.endpoint.heard)
    }

    @Test("events are answered one after another until Lambda says it is over, the same id twice as well")
    func answers() {
        let events = [Invocation.sample("one", id: "a"), .sample("two", id: "b"), .sample("three", id: "b")]
        let (code, heard) = run(ScriptedEndpoint(events: events.map { .success($0) }))
        #expect(code == 0)
        #expect(heard == ["next", "response a one", "next", "response b two", "next", "response b three", "next"])
    }

    @Test("the function rests when the answer has been sent, before the next event is asked for")
    func rests() {
        var order: [String] = []
        var endpoint = ScriptedEndpoint(events: [.success(.sample("one", id: "a"))])
        endpoint.onNext = { order.append("next") }
        endpoint.onTold = { order.append("answer") }
        _ = run(endpoint, ScriptedWorker(onRest: { order.append("rest") }))
        #expect(order == ["rest", "next", "answer", "rest", "next"])
    }

    @Test("a function that cannot start tells so and never asks for an event")
    func initError() {
        let (code, heard) = run(
            ScriptedEndpoint(events: []), ScriptedWorker(start: Failure("Launch.Invalid", utf8("why"))))
        #expect(code == 1)
        #expect(heard == ["init error Launch.Invalid"])
    }

    @Test("a failure is reported for its own event, and the next one is handled")
    func failure() {
        let worker = ScriptedWorker(answer: {
            $0.event == utf8("bad") ? .failure(Failure("Script.ExitCode", [])) : .success($0.event)
        })
        let (code, heard) = run(
            ScriptedEndpoint(events: [.success(.sample("bad", id: "a")), .success(.sample("good", id: "b"))]), worker)
        #expect(code == 0)
        #expect(heard == ["next", "error a Script.ExitCode", "next", "response b good", "next"])
    }

    @Test("an answer of exactly 6 MB and 100 bytes goes out, and one byte more becomes an error")
    func sizes() {
        let limit = InvocationLoop.responseLimit
        #expect(limit == 6_291_556)
        for (size, word) in [
            (limit, "response a \(limit) bytes"), (limit + 1, "error a Function.ResponseSizeTooLarge"),
        ] {
            let worker = ScriptedWorker(answer: { _ in .success([UInt8](repeating: 0x61, count: size)) })
            let (code, heard) = run(ScriptedEndpoint(events: [.success(.sample("x", id: "a"))]), worker)
            #expect(code == 0)
            #expect(heard == ["next", word, "next"])
        }
    }

    @Test("an answer that Lambda finds too long is reported as an error instead")
    func tooLong() {
        let (code, heard) = run(
            ScriptedEndpoint(events: [.success(.sample("x", id: "a"))], refusals: [.refused(413)]))
        #expect(code == 0)
        #expect(heard == ["next", "response a x", "error a Function.ResponseSizeTooLarge", "next"])
    }

    @Test("an answer that comes too late ends nothing; a sandbox that is done for does")
    func refusals() {
        let late = run(ScriptedEndpoint(events: [.success(.sample("x", id: "a"))], refusals: [.refused(400)]))
        #expect(late.0 == 0 && late.1 == ["next", "response a x", "next"])
        for (error, code) in [
            (RuntimeError.over(500), Int32(1)), (.over(410), 0), (.unreachable(111), 1), (.malformed, 1),
        ] {
            let (ended, heard) = run(
                ScriptedEndpoint(events: [.success(.sample("x", id: "a")), .success(.sample("y"))], refusals: [error]))
            #expect(ended == code, "\(error)")
            #expect(heard == ["next", "response a x"])
        }
        for (error, code) in [
            (RuntimeError.over(500), Int32(1)), (.unreachable(104), 1), (.refused(403), 1), (.eventTooLong, 1),
        ] {
            let (ended, heard) = run(ScriptedEndpoint(events: [.failure(error)]))
            #expect(ended == code, "\(error)")
            #expect(heard == ["next"])
        }
    }

    @Test("every state answers every occurrence, and the end is the end")
    func total() {
        let invocation = Invocation.sample("x")
        let states: [InvocationLoop] = [
            .preparing, .waiting, .working(utf8("a")), .answering(utf8("a")), .reporting(utf8("a")), .refusing,
            .ended(0),
        ]
        let occurrences: [InvocationLoop.Occurrence] = [
            .prepared, .unprepared(Failure("A", [])), .received(invocation), .handled([]), .streamed,
            .failed(Failure("B", [])),
            .accepted, .broken(.refused(413)), .broken(.over(410)), .broken(.malformed),
        ]
        for state in states {
            for occurrence in occurrences {
                var loop = state
                let action = loop.advance(occurrence)
                if case .exit = action {
                    guard case .ended = loop else { Issue.record("\(state) \(occurrence)"); continue }
                } else {
                    #expect(loop != state || state == .reporting(utf8("a")), "\(state) \(occurrence)")
                }
                if case .ended = state { #expect(action == .exit(1)) }
            }
        }
    }

    @Test("the error document is JSON whatever the message's bytes are")
    func document() {
        let failure = Failure("Script.ExitCode", [0x22, 0x5c, 0x0a, 0x00, 0xff, 0xc3, 0xa4, 0xe2, 0x82])
        #expect(
            text(failure.document)
                == #"{"errorMessage":"\"\\\n\u0000\#u{fffd}ä\#u{fffd}\#u{fffd}","errorType":"Script.ExitCode","stackTrace":[]}"#
        )
    }
}
