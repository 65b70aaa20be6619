internal import Synchronization

/// Whether the person asked to stop. Long loops look at it; transfers abort on it.
///
/// Set from the signal handler, so it is one atomic and nothing else.
package enum Cancellation {
    private static let requested = Atomic<Bool>(false)

    package static func request() { requested.store(true, ordering: .relaxed) }
    package static var isRequested: Bool { requested.load(ordering: .relaxed) }

    /// Throws when a stop was asked for.
    package static func check() throws(Cancelled) {
        if isRequested { throw Cancelled() }
    }
}

/// The person asked to stop.
package struct Cancelled: DiagnosableError {
    package init() {}
    package var diagnostic: Diagnostic {
        Diagnostic(code: "cancelled", message: "stopped before the end")
    }
}
