package import JSON

/// What is known of one kind of error: the same for everybody who meets it, where a diagnostic is about one case.
package struct ErrorEntry: Sendable, Equatable {
    /// The name in `error[…]`, or the type in a function's log.
    package let code: String
    /// What brings it about, in full sentences.
    package let cause: String
    /// What to do about it, in full sentences.
    package let cure: String

    init(_ code: String, cause: String, cure: String) {
        self.code = code
        self.cause = cause
        self.cure = cure
    }

    package var json: JSON {
        .object([("code", .string(code)), ("cause", .string(cause)), ("cure", .string(cure))])
    }
}

/// Errors that belong together.
package struct ErrorChapter: Sendable {
    package let title: String
    package let entries: [ErrorEntry]

    init(_ title: String, _ entries: [ErrorEntry]) {
        self.title = title
        self.entries = entries
    }
}
