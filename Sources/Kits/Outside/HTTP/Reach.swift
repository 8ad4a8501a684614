import Glibc

/// Which addresses may be spoken to where somebody else may have chosen the name: a guard against being made to ask this
/// machine's own services, or a cloud's, on somebody's behalf (OWASP, "Server-Side Request Forgery Prevention").
///
/// It is asked for the addresses that are really connected to, after the look-up, so that a name that changes its mind
/// between two look-ups gains nothing.
package enum Reach: Sendable, Hashable {
    case anywhere
    /// Private networks and this machine too, but no address of one link: there clouds hand out credentials.
    case notLinkLocal
    /// Only what is routed on the Internet.
    case publicOnly

    /// - Parameter address: numeric, IPv4 or IPv6. One that cannot be read is allowed nowhere but `anywhere`.
    package func allows(_ address: String) -> Bool {
        guard self != .anywhere else { return true }
        guard let bytes = Self.bytes(address) else { return false }
        let forbidden = self == .publicOnly ? Self.linkLocal + Self.special : Self.linkLocal
        return Self.readings(bytes).allSatisfy { reading in !forbidden.contains { $0.contains(reading) } }
    }

    private struct Network {
        var prefix: [UInt8]
        var bits: Int

        func contains(_ address: [UInt8]) -> Bool {
            guard address.count == prefix.count else { return false }
            return (0..<bits).allSatisfy { bit in
                (address[bit / 8] ^ prefix[bit / 8]) & (0x80 >> UInt8(bit % 8)) == 0
            }
        }
    }

    private static func network(_ address: String, _ bits: Int) -> Network {
        guard let prefix = bytes(address) else { preconditionFailure("'\(address)' is no address") }
        return Network(prefix: prefix, bits: bits)
    }

    private static let linkLocal = [network("169.254.0.0", 16), network("fe80::", 10), network("fd00:ec2::254", 128)]

    /// IANA's special-purpose registries (RFC 6890), without those of one link.
    private static let special = [
        network("0.0.0.0", 8), network("10.0.0.0", 8), network("100.64.0.0", 10), network("127.0.0.0", 8),
        network("172.16.0.0", 12), network("192.0.0.0", 24), network("192.168.0.0", 16), network("198.18.0.0", 15),
        network("224.0.0.0", 4), network("240.0.0.0", 4), network("::", 128), network("::1", 128),
        network("fc00::", 7), network("fec0::", 10), network("ff00::", 8),
    ]

    /// An IPv6 address may carry an IPv4 one: mapped, NAT64 (RFC 6052) and 6to4.
    private static func readings(_ bytes: [UInt8]) -> [[UInt8]] {
        guard bytes.count == 16 else { return [bytes] }
        var readings = [bytes]
        if network("::ffff:0:0", 96).contains(bytes) || network("64:ff9b::", 96).contains(bytes)
            || network("::", 96).contains(bytes)
        {
            readings.append(Array(bytes[12...]))
        }
        if network("2002::", 16).contains(bytes) { readings.append(Array(bytes[2..<6])) }
        return readings
    }

    private static func bytes(_ address: String) -> [UInt8]? {
        // An IPv6 address of one link may name the link.
        let numeric = String(address.prefix { $0 != "%" })
        for (family, length) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: length)
            if inet_pton(family, numeric, &bytes) == 1 { return bytes }
        }
        return nil
    }
}
