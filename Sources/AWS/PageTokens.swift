/// The way through a list that comes in pages. A service that leads in a circle, or on without end, is not followed.
package struct PageTokens {
    private var seen: Set<String> = []
    private static let limit = 10_000

    package init() {}

    /// What to ask for the next page with; nil when there is none.
    package mutating func next(_ token: String?, after operation: String) throws(AWSError) -> String? {
        guard let token, !token.isEmpty else { return nil }
        guard seen.insert(token).inserted, seen.count < Self.limit else {
            var error = AWSError(.answer, "the list does not end: page \(seen.count + 1) leads back, or too far")
            error.operation = operation
            throw error
        }
        return token
    }
}
