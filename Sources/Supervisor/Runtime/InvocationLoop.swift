#if !hasFeature(Embedded)
    internal import JSON
#endif

/// What the supervisor does next, decided without doing any of it.
///
/// The driver carries out an action, says what came of it, and is told the next one; tests play both sides.
package enum InvocationLoop: Sendable, Equatable {
    /// The tree is being put in place. → waiting, or refusing when it cannot be
    case preparing
    /// Lambda has been asked for an event. → working, or ended
    case waiting
    /// The event is being handled. → answering, reporting, or waiting when the answer was sent while it was made
    case working([UInt8])
    /// The answer is on its way. → waiting, reporting when it is refused as too long, or ended
    case answering([UInt8])
    /// A failure is on its way. → waiting, or ended
    case reporting([UInt8])
    /// That the function cannot start is on its way. → ended
    case refusing
    /// → nothing
    case ended(Int32)

    /// What the driver must do.
    package enum Action: Sendable, Equatable {
        case prepare
        case next
        case handle(Invocation)
        case respond([UInt8], body: [UInt8])
        case report([UInt8], Failure)
        case reportInit(Failure)
        case exit(Int32)
    }

    /// What came of it.
    package enum Occurrence: Sendable, Equatable {
        case prepared
        case unprepared(Failure)
        case received(Invocation)
        case handled([UInt8])
        /// The answer was sent while it was made.
        case streamed
        case failed(Failure)
        /// Lambda has taken the answer or the report.
        case accepted
        case broken(RuntimeError)
    }

    /// Lambda's own limit for answers: 6 MB, and 100 bytes.
    package static var responseLimit: Int { (6 << 20) + 100 }

    /// The first state and what to do in it.
    package static func begin() -> (InvocationLoop, Action) { (.preparing, .prepare) }

    /// Moves to the next state. What does not belong to a state ends the loop: it is a mistake of the driver's.
    package mutating func advance(_ occurrence: Occurrence) -> Action {
        switch (self, occurrence) {
        case (.preparing, .prepared): return wait()
        case (.preparing, .unprepared(let failure)):
            self = .refusing
            return .reportInit(failure)
        case (.refusing, _): return end(1)
        case (.waiting, .received(let invocation)):
            self = .working(invocation.requestID)
            return .handle(invocation)
        case (.waiting, .broken(let error)): return end(error == .over(410) ? 0 : 1)
        case (.working(let requestID), .handled(let body)): return respond(requestID, body)
        case (.working, .streamed): return wait()
        case (.working(let requestID), .failed(let failure)): return report(requestID, failure)
        case (.answering, .accepted), (.reporting, .accepted): return wait()
        case (.answering(let requestID), .broken(.refused(413))):
            return report(requestID, Failure.responseTooLarge(Self.responseLimit))
        case (.working, .broken(let error)), (.answering, .broken(let error)), (.reporting, .broken(let error)):
            return recover(from: error)
        default: return end(1)
        }
    }

    private mutating func wait() -> Action {
        self = .waiting
        return .next
    }

    private mutating func end(_ code: Int32) -> Action {
        self = .ended(code)
        return .exit(code)
    }

    private mutating func respond(_ requestID: [UInt8], _ body: [UInt8]) -> Action {
        guard body.count <= Self.responseLimit else { return report(requestID, .responseTooLarge(body.count)) }
        self = .answering(requestID)
        return .respond(requestID, body: body)
    }

    private mutating func report(_ requestID: [UInt8], _ failure: Failure) -> Action {
        self = .reporting(requestID)
        return .report(requestID, failure)
    }

    /// After an answer that was not taken: one that Lambda no longer wants (the deadline has passed) is no reason to
    /// end; a sandbox that is done for is.
    private mutating func recover(from error: RuntimeError) -> Action {
        switch error {
        case .refused: return wait()
        case .over(let status): return end(status == 410 ? 0 : 1)
        case .unreachable, .malformed, .eventTooLong: return end(1)
        }
    }
}

extension Failure {
    static func responseTooLarge(_ size: Int) -> Failure {
        var text = [UInt8]("the answer has ")
        text.append(decimal: size)
        text.append(" bytes and Lambda takes no more than ")
        text.append(decimal: InvocationLoop.responseLimit)
        text.append("; write large results to $TMP_OUTPUT_DIR and configure an output")
        return Failure("Function.ResponseSizeTooLarge", text)
    }
}

/// Does what the loop decides: the one place where it meets Lambda and the function.
package struct InvocationDriver<Endpoint: RuntimeEndpoint, Worker: InvocationWorker> {
    package var endpoint: Endpoint
    package var worker: Worker

    package init(endpoint: Endpoint, worker: Worker) {
        self.endpoint = endpoint
        self.worker = worker
    }

    /// Runs until Lambda ends it, and gives the exit code.
    package mutating func run() -> Int32 {
        var (loop, action) = InvocationLoop.begin()
        while true {
            if case .exit(let code) = action { return code }
            action = loop.advance(perform(action))
        }
    }

    private mutating func perform(_ action: InvocationLoop.Action) -> InvocationLoop.Occurrence {
        do throws(RuntimeError) {
            switch action {
            case .prepare: return prepare()
            case .next:
                // The answer is with its caller, and Lambda lets us run until we ask for more.
                worker.rest()
                return .received(try endpoint.next())
            case .handle(let invocation): return handle(invocation)
            case .respond(let requestID, let body): try endpoint.respond(to: requestID, with: body)
            case .report(let requestID, let failure): try endpoint.report(failure, for: requestID)
            case .reportInit(let failure): try endpoint.reportInit(failure)
            case .exit: break
            }
            return .accepted
        } catch {
            Log.runtimeTrouble(error)
            return .broken(error)
        }
    }

    private mutating func prepare() -> InvocationLoop.Occurrence {
        do throws(Failure) {
            try worker.prepare()
            return .prepared
        } catch {
            Log.failure(error)
            return .unprepared(error)
        }
    }

    private mutating func handle(_ invocation: Invocation) -> InvocationLoop.Occurrence {
        Log.begin(invocation.requestID)
        defer { Log.begin([]) }
        let stream = endpoint.stream(for: invocation.requestID)
        do throws(Failure) {
            switch try worker.handle(invocation, stream) {
            case .answer(let body): return .handled(body)
            case .streamed: return stream?.trouble.map { $0.occurrence } ?? .streamed
            }
        } catch {
            Log.failure(error)
            return .failed(error)
        }
    }
}

/// What a function does with events. The driver is generic over it.
package protocol InvocationWorker {
    /// Once, before the first event.
    mutating func prepare() throws(Failure)
    /// Handles an event.
    ///
    /// - Parameter stream: takes an answer while it is made, where Lambda can.
    mutating func handle(_ invocation: Invocation, _ stream: ResponseStream?) throws(Failure) -> Handled
    /// Before each event is asked for: what is to be done while nobody waits.
    mutating func rest()
}

extension InvocationWorker {
    package mutating func rest() {}
}

extension RuntimeError {
    /// What a stream's trouble means for the loop. It has a connection of its own: that it broke says nothing of Lambda,
    /// unless Lambda says that it is over.
    fileprivate var occurrence: InvocationLoop.Occurrence {
        if case .over = self { return .broken(self) }
        return .broken(.refused(0))
    }
}
