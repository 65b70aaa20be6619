internal import CSupervisor

#if !hasFeature(Embedded)
    internal import JSON
    internal import SquashFS
#endif

/// From a host's name to addresses.
enum AddressLookup {
    private enum Answer {
        case found([csupervisor_address])
        case failed(Int32)
    }

    /// More addresses than these are not tried.
    private static var most: Int { 8 }

    /// The addresses of a host, the preferred one first; a host that is an address itself is asked of nobody.
    static func addresses(of origin: Origin, _ limit: TimeLimit) throws(NetworkError) -> [csupervisor_address] {
        if let address = literal(origin.host, origin.port) { return [address] }
        let until = limit.nextDeadline
        let answer = Guarded<Answer?>(nil)
        // The C library's resolver knows no deadline: it may go on by itself while we go on without it.
        let (host, port) = (origin.host, origin.port)
        let asks: @Sendable () -> Void = {
            let found = ask(host, port)
            answer.withLock { $0 = found }
        }
        if !BackgroundThread.start(asks) { asks() }
        switch answer.wait(until: until, { $0 }) {
        case .found(let addresses) where !addresses.isEmpty: return addresses
        case .found: throw .unresolved([UInt8]("there is none"))
        case .failed(let failure):
            guard let text = unsafe csupervisor_resolve_text(failure) else { throw .unresolved([]) }
            throw unsafe .unresolved([UInt8](terminatedBy: text))
        case nil: throw limit.error
        }
    }

    /// An address written as one. `localhost` is this machine, without a hosts file too.
    static func literal(_ host: [UInt8], _ port: UInt16) -> csupervisor_address? {
        let text = host.isEqual(to: "localhost") ? [UInt8]("127.0.0.1") : host
        var address = csupervisor_address()
        do throws(SystemFailure) {
            let isAddress = unsafe try text.withCall { unsafe csupervisor_address_parse($0, port, &address) }
            return isAddress == 1 ? address : nil
        } catch {
            return nil
        }
    }

    /// Whether a host is, as it is written, this machine itself.
    static func isLoopback(_ host: [UInt8]) -> Bool {
        guard var address = literal(host, 0) else { return false }
        return unsafe csupervisor_address_is_loopback(&address) != 0
    }

    private static func ask(_ host: [UInt8], _ port: UInt16) -> Answer {
        var found = [csupervisor_address](repeating: csupervisor_address(), count: most)
        do throws(SystemFailure) {
            var failure: Int32 = 0
            let count = unsafe try host.withCall { name in
                let result = unsafe csupervisor_resolve(name, port, &found, Int32(most))
                failure = min(0, result)
                return max(0, result)
            }
            return failure < 0 ? .failed(failure) : .found([csupervisor_address](found.prefix(Int(count))))
        } catch {
            return .found([])
        }
    }
}
