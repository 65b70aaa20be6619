internal import CSupervisor

#if !hasFeature(Embedded)
    internal import JSON
    internal import SquashFS
#endif

/// The authorities that servers are held against. Nothing is read before the first connection needs it.
final class TrustStore: Sendable {
    /// Where the authorities are.
    enum Source: Sendable {
        /// The file that SSL_CERT_FILE names, if it does; else the machine's own and Amazon's.
        case machine([UInt8]?)
        /// A file of one's own, in place of them.
        case file([UInt8])
        /// Anybody is believed to be whom he says he is.
        case anybody
    }

    /// OpenSSL's form of it, which any number of connections and threads may use.
    @safe final class Context: @unchecked Sendable {
        // Unchecked: OpenSSL counts its users under a lock of its own, and nothing changes it after it is filled.
        let pointer: OpaquePointer

        init?(verifies: Bool) {
            guard let pointer = unsafe csupervisor_tls_trust_make(verifies ? 1 : 0) else { return nil }
            unsafe self.pointer = pointer
        }

        func add(_ text: [UInt8]) -> Bool { unsafe csupervisor_tls_trust_add(pointer, text, text.count) > 0 }

        deinit { unsafe csupervisor_tls_trust_free(pointer) }
    }

    private enum State: Sendable {
        /// → few, ready or failed
        case untouched
        /// Amazon's authorities alone: reading a system's hundred and more takes longer than the whole rest of a
        /// connection, and its servers need none of them. → ready or failed, when somebody else's server is asked
        case few(Context)
        case ready(Context)
        case failed([UInt8])
    }

    private let source: Source
    private let state = Guarded<State>(.untouched)

    init(_ source: Source) { self.source = source }

    func context() throws(NetworkError) -> Context {
        let source = source
        let state = state.withLock { state -> State in
            if case .untouched = state { state = Self.make(source) }
            return state
        }
        switch state {
        case .few(let context), .ready(let context): return context
        case .failed(let reason): throw .untrusted(reason)
        case .untouched: throw .untrusted([])
        }
    }

    /// Whether all authorities that there are have been read.
    var isWide: Bool {
        state.withLock { state in
            switch state {
            case .untouched, .few: false
            case .ready, .failed: true
            }
        }
    }

    /// Reads the machine's own authorities too, unless another thread has; false when there are none to read.
    func widen() -> Bool {
        state.withLock { state in
            guard case .few(let few) = state else { return true }
            state = .ready(few)
            for path in Self.usualPlaces {
                guard let text = Self.contents([UInt8](path)), let context = Context(verifies: true), context.add(text)
                else { continue }
                _ = context.add([UInt8](AmazonRoots.text))
                state = .ready(context)
                return true
            }
            return false
        }
    }

    private static func make(_ source: Source) -> State {
        let isAnybody = if case .anybody = source { true } else { false }
        guard let context = Context(verifies: !isAnybody) else { return .failed([UInt8]("OpenSSL does not start")) }
        switch source {
        case .anybody: return .ready(context)
        case .file(let path), .machine(.some(let path)):
            guard let text = contents(path), context.add(text) else {
                return .failed([UInt8]("there are no certificates in ") + path)
            }
            return .ready(context)
        case .machine(nil):
            // Also for images that have none, or only those of their own network.
            _ = context.add([UInt8](AmazonRoots.text))
            return .few(context)
        }
    }

    /// Of AL2023, Fedora and RHEL; Debian, Ubuntu, Arch and Gentoo; Alpine; SUSE.
    private static var usualPlaces: [StaticString] {
        [
            "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem",
            "/etc/ssl/ca-bundle.pem",
        ]
    }

    private static func contents(_ path: [UInt8]) -> [UInt8]? {
        do throws(SystemFailure) { return try OpenFile(path, .file).readAll(limit: 16 << 20) } catch { return nil }
    }
}
