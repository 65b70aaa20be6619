import Glibc
import Supervisor
import TestKit

extension TestFolder {
    /// Writes a file, with the folders above it.
    func write(_ content: String, to name: String, executable: Bool = false) {
        let full = "\(path)/\(name)"
        shell("mkdir -p \"$(dirname '\(full)')\"")
        let descriptor = unsafe open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, executable ? 0o755 : 0o644)
        precondition(descriptor >= 0)
        let bytes = Array(content.utf8)
        precondition(unsafe Glibc.write(descriptor, bytes, bytes.count) == bytes.count)
        close(descriptor)
    }

    func read(_ name: String) -> String? {
        let result = shell("cat '\(path)/\(name)' 2>/dev/null")
        return result.code == 0 ? result.output : nil
    }
}

func utf8(_ text: String) -> [UInt8] { [UInt8](text.utf8) }
func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// Milliseconds since 1970.
func epochMilliseconds() -> Int {
    var now = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &now)
    return now.tv_sec * 1000 + now.tv_nsec / 1_000_000
}

/// Nanoseconds of the monotonic clock.
func monotonicNanoseconds() -> Int64 {
    var now = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &now)
    return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
}

extension Invocation {
    /// An event with half a minute to go.
    static func sample(_ event: String, id: String = "8f5-a", seconds: Double = 30) -> Invocation {
        Invocation(
            requestID: utf8(id), deadline: epochMilliseconds() + Int(seconds * 1000), functionARN: utf8("arn"),
            traceID: utf8("Root=1"), event: utf8(event))
    }
}
