/// Text that must not be seen: keys, tokens, passwords.
///
/// However it is printed, interpolated, dumped or reflected, it shows nothing. Whoever needs the text says so with
/// `reveal()`, and there are few such places.
package struct Secret: Sendable, Equatable {
    private let text: String

    package init(_ text: String) { self.text = text }

    /// The text itself, to be put into a signature or a request.
    package func reveal() -> String { text }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "(secret)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
