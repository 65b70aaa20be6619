internal import ByteKit
internal import Glibc

/// What a sandbox says: passed on as it comes, and the end of it kept for whoever asks for it with an answer.
final class SandboxLog: Sendable {
    /// AWS Lambda API Reference, "Invoke", LogType: "the last 4 KB of the execution log".
    private static let longestTail = 4 << 10

    private let pipe: HostPipe
    private let tail = Monitor<[UInt8]>([])
    private let destination: Int32

    /// - Parameter destination: where it is passed on to.
    init(to destination: Int32) throws {
        self.destination = destination
        pipe = try HostPipe()
        let end = pipe.readEnd
        guard fcntl(end, F_SETFL, O_NONBLOCK) == 0 else { throw FileError("read", "the function's output") }
        // It ends with the last process that has the other end.
        _ = try Thread { [self] in
            var watched = pollfd(fd: end, events: Int16(POLLIN), revents: 0)
            repeat {
                watched.revents = 0
                _ = unsafe poll(&watched, 1, -1)
            } while passOn()
        }
    }

    /// Where the sandbox writes.
    var input: Int32 { pipe.writeEnd }

    /// For when the sandbox has its own.
    func closeInput() { pipe.closeWrite() }

    /// The end of what was said since this was last asked for. A sandbox has said all of an event before it answers, so all
    /// of that is in it.
    func takeTail() -> [UInt8] {
        _ = passOn()
        return tail.withLock { tail in
            defer { tail = [] }
            return tail.suffix(Self.longestTail)
        }
    }

    /// Passes on what there is; false when there never will be more.
    private func passOn() -> Bool {
        tail.withLock { tail in
            var piece = [UInt8](repeating: 0, count: 16 << 10)
            while true {
                let count = unsafe piece.withUnsafeMutableBytes { unsafe read(pipe.readEnd, $0.baseAddress, $0.count) }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return count < 0 && errno == EAGAIN }
                write(piece[..<count])
                tail = Array((tail + piece[..<count]).suffix(Self.longestTail))
            }
        }
    }

    private func write(_ bytes: [UInt8].SubSequence) {
        var rest = bytes
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(destination, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            // Nobody can be told that nobody listens.
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
