internal import CSystem

/// Connections that others make to us.
package enum Connections {
    /// Waits for one. It is not for the programs that other threads start meanwhile: with them it would stay open as long as
    /// they run.
    ///
    /// - Returns: its descriptor, or -1 with `errno`.
    package static func accept(on listener: Int32) -> Int32 { csystem_accept(listener) }
}
