internal import Glibc

/// How a shell command ended, and what it said on its standard output.
package struct ShellResult: Sendable {
    /// The exit code; -1 for a signal, and for a shell that could not be started.
    package var code: Int32 = -1
    package var bytes: [UInt8] = []

    /// The standard output as text.
    package var output: String { String(decoding: bytes, as: UTF8.self) }
}

/// Runs a shell command.
@discardableResult
package func shell(_ command: String) -> ShellResult {
    // The threads that tests run on have signals blocked, and a shell that inherits that may wait for ever for its children.
    var none = sigset_t()
    var before = sigset_t()
    unsafe sigemptyset(&none)
    unsafe pthread_sigmask(SIG_SETMASK, &none, &before)
    let opened = unsafe popen(command, "r")
    unsafe pthread_sigmask(SIG_SETMASK, &before, nil)
    guard let pipe = unsafe opened else { return ShellResult() }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
        let count = unsafe fread(&buffer, 1, buffer.count, pipe)
        if count == 0 { break }
        bytes.append(contentsOf: buffer[..<count])
    }
    let status = unsafe pclose(pipe)
    return ShellResult(code: status & 0x7f == 0 ? (status >> 8) & 0xff : -1, bytes: bytes)
}
