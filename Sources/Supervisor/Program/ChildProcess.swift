internal import CSupervisor

#if !hasFeature(Embedded)
    internal import JSON
    internal import SquashFS
#endif

/// Runs a program to its end, or ends it, with everything it has started.
package enum ChildProcess {
    /// What to run. Nothing is looked up or expanded.
    package struct Program: Sendable, Equatable {
        /// The executable's path.
        package var path: [UInt8]
        /// The arguments, the program's own name first.
        package var arguments: [[UInt8]]
        /// `NAME=value` each.
        package var environment: [[UInt8]]
        /// The folder it starts in.
        package var folder: [UInt8]

        package init(path: [UInt8], arguments: [[UInt8]], environment: [[UInt8]], folder: [UInt8]) {
            self.path = path
            self.arguments = arguments
            self.environment = environment
            self.folder = folder
        }
    }

    package struct Limits: Sendable {
        /// When the program is told to end, in nanoseconds of the monotonic clock.
        package var deadline: Int64
        /// How long it then has until it is killed, in nanoseconds.
        package var grace: Int64
        /// How much of its standard output is kept.
        package var outputBytes: Int

        package init(deadline: Int64, grace: Int64, outputBytes: Int) {
            self.deadline = deadline
            self.grace = grace
            self.outputBytes = outputBytes
        }
    }

    package enum Outcome: Sendable, Equatable {
        case exited(Int32)
        /// A signal ended it that we did not send.
        case signalled(Int32)
        case timedOut
        /// It could not be started: the error number.
        case notStarted(Int32)
    }

    package struct Report: Sendable, Equatable {
        package var outcome: Outcome
        /// The beginning of its standard output, as much as the limit allows.
        package var output: [UInt8]
        /// How much there was in all.
        package var outputCount: Int
        /// The end of its standard error.
        package var errorTail: [UInt8]
    }

    /// Where a line of the program's output came from.
    package enum Stream: Sendable { case output, errors }

    /// How much of standard error is kept for messages.
    static var tailBytes: Int { 4096 }

    // Signals of Linux.
    static var terminate: Int32 { 15 }
    static var kill: Int32 { 9 }

    /// Runs a program and waits until nothing of it is left.
    ///
    /// - Parameters:
    ///   - program: what to run.
    ///   - limits: how long, and how much output is kept.
    ///   - sink: gets the standard output as it comes.
    ///   - log: hears all output as it comes, in whole lines where they are not too long.
    package static func run(
        _ program: Program, _ limits: Limits, sink: ([UInt8]) -> Void = { _ in }, log: (Stream, [UInt8]) -> Void
    ) -> Report {
        do throws(SystemFailure) {
            let kept = try KeptProcess(program, isWorker: false)
            kept.beginRun(outputBytes: limits.outputBytes)
            let isOver = kept.follow(limits, log, sink)
            // What the pipes still hold; no more can come.
            kept.drain(log, sink)
            return kept.report(isOver ? .timedOut : kept.outcome ?? .signalled(kill))
        } catch {
            return Report(outcome: .notStarted(error.errorNumber), output: [], outputCount: 0, errorTail: [])
        }
    }

    /// The program's texts, each item ended by a NUL.
    struct Texts {
        var path: [UInt8]
        var arguments: [UInt8]
        var environment: [UInt8]
        var folder: [UInt8]

        /// Nil when one of them has a NUL of its own.
        init?(_ program: Program) {
            let texts = [program.path, program.folder] + program.arguments + program.environment
            guard !texts.contains(where: { $0.contains(0) }), !program.arguments.isEmpty else { return nil }
            path = program.path + [0]
            folder = program.folder + [0]
            arguments = program.arguments.reduce(into: []) { $0 += $1 + [0] }
            environment = program.environment.reduce(into: []) { $0 += $1 + [0] } + [0]
        }
    }
}
