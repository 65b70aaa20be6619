internal import JSON

/// What a recipe file says that is passed over.
package struct RecipeWarning: Sendable, Equatable, CustomStringConvertible {
    /// File, line and column.
    package let location: String
    /// What is passed over and what does its work now, as a sentence without a full stop.
    package let message: String

    init(_ message: String, file: String, at position: JSON.Position) {
        location = "\(file):\(position.line):\(position.column)"
        self.message = message
    }

    package var description: String { "\(location): \(message)" }
}
