internal import CSupervisor

#if !hasFeature(Embedded)
    internal import JSON
    internal import SquashFS
#endif

/// A connection to a server, in the clear or over TLS. It is closed when it is dropped, and serves one thread.
@safe final class Connection {
    private let socket: OpenFile
    private let tls: OpaquePointer?

    // Error numbers of Linux.
    private static var notYet: Int32 { 11 }
    static var reset: Int32 { 104 }
    static var pipe: Int32 { 32 }

    /// Connects, to one of the server's addresses after another.
    ///
    /// - Parameters:
    ///   - origin: the server.
    ///   - trust: what an encrypted connection is held against.
    ///   - limit: for each address.
    init(to origin: Origin, _ trust: TrustStore?, _ limit: TimeLimit) throws(NetworkError) {
        let socket = try Self.connect(try AddressLookup.addresses(of: origin, limit), limit)
        guard origin.isEncrypted else {
            self.socket = socket
            unsafe tls = nil
            return
        }
        guard let context = try trust?.context() else {
            throw .untrusted([UInt8]("there is nothing to hold it against"))
        }
        var made: OpaquePointer?
        do throws(SystemFailure) {
            _ = unsafe try origin.host.withCall { host in
                unsafe made = csupervisor_tls_make(context.pointer, socket.descriptor, host)
                return 0
            }
        } catch {
            throw .file(error)
        }
        guard let made = unsafe made else { throw .untrusted([UInt8]("OpenSSL does not take its name")) }
        self.socket = socket
        unsafe tls = made
        guard try attempt(limit, { unsafe csupervisor_tls_handshake(made) }) > 0 else { throw .cutOff }
    }

    private static func connect(_ addresses: [csupervisor_address], _ limit: TimeLimit) throws(NetworkError) -> OpenFile
    {
        var last = NetworkError.failed(reset)
        for address in addresses {
            var address = address
            let made = unsafe csupervisor_connect(&address)
            guard made >= 0 else {
                last = .failed(-made)
                continue
            }
            let socket = OpenFile(owning: made)
            do throws(NetworkError) {
                try wait(limit.connectDeadline, limit) { csupervisor_wait_writable(made, $0) }
                let failure = csupervisor_connection_failure(made)
                if failure == 0 { return socket }
                last = .failed(failure)
            } catch {
                last = error
                if error == .outOfTime { break }
            }
        }
        throw last
    }

    /// Sends all of it.
    func send(_ bytes: [UInt8], _ limit: TimeLimit) throws(NetworkError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = try attempt(limit) {
                unsafe rest.withUnsafeBytes { bytes in
                    if let tls = unsafe tls { return unsafe csupervisor_tls_write(tls, bytes.baseAddress, bytes.count) }
                    let sent = unsafe csupervisor_send(socket.descriptor, bytes.baseAddress, bytes.count)
                    return sent == -Int(Self.notYet) ? csupervisor_tls_wants_write : sent
                }
            }
            // Whoever takes nothing without an error would be offered the same for ever.
            guard sent > 0 else { throw .failed(Self.pipe) }
            rest = rest.dropFirst(sent)
        }
    }

    /// Waits for bytes and appends them; how many, 0 at the end.
    func receive(_ bytes: inout [UInt8], _ limit: TimeLimit) throws(NetworkError) -> Int {
        var count = 0
        let part = try receivePart(limit, &count)
        bytes.append(contentsOf: part)
        return count
    }

    /// Appends what has come already; how much, 0 at the end, nil when nothing has.
    func receiveAtOnce(_ bytes: inout [UInt8]) throws(NetworkError) -> Int? {
        var count = 0
        do throws(NetworkError) {
            let part = try receivePart(TimeLimit(stall: 0, deadline: nil), &count)
            bytes.append(contentsOf: part)
            return count
        } catch {
            guard error == .stalled else { throw error }
            return nil
        }
    }

    private static var partSize: Int { 64 << 10 }

    private func receivePart(_ limit: TimeLimit, _ count: inout Int) throws(NetworkError) -> [UInt8] {
        var part = [UInt8](repeating: 0, count: Self.partSize)
        count = try attempt(limit) {
            if let tls = unsafe tls { return unsafe csupervisor_tls_read(tls, &part, Self.partSize) }
            let got = unsafe csupervisor_read(socket.descriptor, &part, Self.partSize)
            return got == -Int(Self.notYet) ? csupervisor_tls_wants_read : got
        }
        part.removeLast(Self.partSize - count)
        return part
    }

    /// Makes a call that does not block until it has done something.
    private func attempt(_ limit: TimeLimit, _ call: () -> Int) throws(NetworkError) -> Int {
        let until = limit.nextDeadline
        while true {
            let result = call()
            if result >= 0 { return result }
            let descriptor = socket.descriptor
            switch result {
            case csupervisor_tls_wants_read:
                var watch = csupervisor_watch(descriptor: descriptor, ready: 0)
                try Self.wait(until, limit) { unsafe csupervisor_wait(&watch, 1, $0) }
            case csupervisor_tls_wants_write:
                try Self.wait(until, limit) { csupervisor_wait_writable(descriptor, $0) }
            case csupervisor_tls_failed:
                guard let tls = unsafe tls, let reason = unsafe csupervisor_tls_reason(tls) else { throw .cutOff }
                throw unsafe .untrusted([UInt8](terminatedBy: reason))
            default: throw .failed(Int32(truncatingIfNeeded: -result))
            }
        }
    }

    /// Waits until a call says that something is ready.
    private static func wait(_ until: Int64?, _ limit: TimeLimit, _ call: (Int64) -> Int32) throws(NetworkError) {
        while true {
            guard let milliseconds = TimeLimit.milliseconds(until: until) else { throw limit.error }
            let ready = call(milliseconds)
            guard ready >= 0 else { throw .failed(-ready) }
            if ready > 0 { return }
        }
    }

    deinit {
        guard let tls = unsafe tls else { return }
        unsafe csupervisor_tls_end(tls)
        unsafe csupervisor_tls_free(tls)
    }
}
