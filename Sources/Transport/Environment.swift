internal import Glibc

/// This process's environment variables.
package enum Environment {
    /// The value of a variable; nil when it is not set or empty, which mean the same everywhere here.
    package static subscript(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        let text = unsafe String(cString: value)
        return text.isEmpty ? nil : text
    }
}
