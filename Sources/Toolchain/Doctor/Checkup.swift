package import JSON

/// One thing that scar-build wants of this machine, and how it stands with it.
package struct Checkup: Sendable, Equatable {
    /// How it stands.
    package enum State: String, Sendable {
        /// It is there.
        case present
        /// It is there or not, and something works less well for it; the detail says what.
        case limited
        /// It is not there, and nothing can be built without it.
        case missing
    }

    /// What it is about, in a word or two.
    package let subject: String
    package let state: State
    /// What was found.
    package let detail: String
    /// What to type or to change; nil when there is nothing to do.
    package let advice: String?

    init(_ subject: String, _ state: State, _ detail: String, advice: String? = nil) {
        self.subject = subject
        self.state = state
        self.detail = detail
        self.advice = advice
    }

    package var json: JSON {
        .object([
            ("subject", .string(subject)), ("state", .string(state.rawValue)), ("detail", .string(detail)),
            ("advice", advice.map { .string($0) } ?? .null),
        ])
    }
}
