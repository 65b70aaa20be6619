/// What this tool is, as locks, records and `--version` say it.
package enum ToolVersion {
    package static let name = "scar-build"
    package static let version = "0.1.0"
    /// Raised by every change that makes other bytes from the same lock.
    package static let layout = 6
}
