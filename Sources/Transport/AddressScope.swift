internal import Glibc

/// How far away an address is, from a machine's own to anybody's.
///
/// Servers name further addresses, in redirects and challenges. One outside must not send us to places that only we can
/// reach: a metadata service, a router, a program on this machine.
package enum AddressScope: Sendable, Equatable {
    case loopback
    /// 169.254.0.0/16, fe80::/10 and the addresses of cloud metadata services.
    case linkLocal
    /// RFC 1918, RFC 6598 and RFC 4193 networks.
    case privateNetwork
    case publicNetwork

    /// Whether a server here may name a server there.
    package func mayName(_ other: AddressScope) -> Bool {
        switch other {
        case .publicNetwork: true
        case .privateNetwork: self == .privateNetwork || self == .loopback
        case .loopback: self == .loopback
        // Nothing that is asked for images or tokens lives there.
        case .linkLocal: false
        }
    }

    /// Of the two, the one further away.
    func widest(_ other: AddressScope) -> AddressScope {
        let order: [AddressScope] = [.loopback, .linkLocal, .privateNetwork, .publicNetwork]
        return order.last { $0 == self || $0 == other } ?? self
    }
}

extension URL {
    /// What the written host says: names other than `localhost` count as public until they are connected to.
    package var scope: AddressScope {
        if let address = IPAddress(host) { return address.scope }
        return host == "localhost" || host.hasSuffix(".localhost") ? .loopback : .publicNetwork
    }
}

/// An IPv4 or IPv6 address in its usual notation.
struct IPAddress {
    /// 16 bytes; IPv4 is mapped into ::ffff:0:0/96.
    private let bytes: [UInt8]

    init?(_ text: String) {
        var four = in_addr()
        if unsafe inet_pton(AF_INET, text, &four) == 1 {
            let word = UInt32(bigEndian: four.s_addr)
            bytes =
                [UInt8](repeating: 0, count: 10) + [0xff, 0xff]
                + (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * $0)) }
            return
        }
        var six = in6_addr()
        guard unsafe inet_pton(AF_INET6, text, &six) == 1 else { return nil }
        bytes = unsafe withUnsafeBytes(of: &six) { unsafe [UInt8]($0) }
    }

    var scope: AddressScope {
        if let four = embeddedIPv4 { return Self.scope(ofIPv4: four) }
        if bytes.dropLast().allSatisfy({ $0 == 0 }), bytes[15] <= 1 { return .loopback }
        if bytes[0] == 0xfe, bytes[1] & 0xc0 == 0x80 { return .linkLocal }
        // EC2's metadata service, fd00:ec2::254.
        if bytes.starts(with: [0xfd, 0x00, 0x0e, 0xc2]) { return .linkLocal }
        if bytes[0] & 0xfe == 0xfc || bytes[0] == 0xfe { return .privateNetwork }
        return .publicNetwork
    }

    /// The IPv4 address of a mapped (::ffff:0:0/96), translated (64:ff9b::/96) or 6to4 (2002::/16) address.
    private var embeddedIPv4: [UInt8]? {
        let mapped = [UInt8](repeating: 0, count: 10) + [0xff, 0xff]
        let translated: [UInt8] = [0x00, 0x64, 0xff, 0x9b] + [UInt8](repeating: 0, count: 8)
        if bytes.starts(with: mapped) || bytes.starts(with: translated) { return Array(bytes[12...]) }
        return bytes.starts(with: [0x20, 0x02]) ? Array(bytes[2..<6]) : nil
    }

    private static func scope(ofIPv4 bytes: [UInt8]) -> AddressScope {
        switch (bytes[0], bytes[1]) {
        case (127, _), (0, _): .loopback
        case (169, 254): .linkLocal
        case (10, _), (172, 16...31), (192, 168), (100, 64...127): .privateNetwork
        default: .publicNetwork
        }
    }
}
