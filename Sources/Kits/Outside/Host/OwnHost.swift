import Glibc
import Maintenance

/// What this machine is called, and the addresses it has itself. No name is looked up anywhere.
package enum OwnHost {
    /// Whether a name or an address, with a port or in brackets, is this machine's own.
    package static func isMeant(by text: String) -> Bool {
        let host = name(in: text).lowercased()
        if ["localhost", "localhost.", "ip6-localhost", "ip6-loopback", "0", "0.0.0.0", "::"].contains(host) {
            return true
        }
        if host.hasSuffix(".localhost") { return true }
        if host == own.lowercased() || host == own.lowercased().prefix(while: { $0 != "." }) { return true }
        guard let address = bytes(of: host) else { return false }
        return address.isLoopback || addresses.contains(address)
    }

    /// Without a port, and of an IPv6 address without brackets and zone.
    private static func name(in text: String) -> String {
        if text.utf8.first == UInt8(ascii: "[") { return String(text.dropFirst().prefix { $0 != "]" && $0 != "%" }) }
        let colons = text.utf8.filter { $0 == UInt8(ascii: ":") }.count
        return String(text.prefix { $0 != "%" && (colons != 1 || $0 != ":") })
    }

    private static var own: String {
        var names = utsname()
        guard uname(&names) == 0 else { return "" }
        return withUnsafeBytes(of: &names.nodename) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    /// Of an address as digits; nil for a name.
    private static func bytes(of text: String) -> [UInt8]? {
        var four = [UInt8](repeating: 0, count: 4)
        if inet_pton(AF_INET, text, &four) == 1 { return four }
        var bytes = [UInt8](repeating: 0, count: 16)
        guard inet_pton(AF_INET6, text, &bytes) == 1 else { return nil }
        // An IPv4 address in IPv6's clothes (RFC 4291, 2.5.5.2).
        let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]
        return bytes.starts(with: mapped) ? Array(bytes.suffix(4)) : bytes
    }

    /// Of all interfaces.
    private static var addresses: Set<[UInt8]> {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return [] }
        defer { freeifaddrs(list) }
        var found: Set<[UInt8]> = []
        var next = list
        while let one = next {
            next = one.pointee.ifa_next
            guard let address = one.pointee.ifa_addr else { continue }
            let raw = UnsafeRawPointer(address)
            switch Int32(address.pointee.sa_family) {
            // Behind family and port, and for IPv6 the flow (netinet/in.h: `sin_addr`, `sin6_addr`).
            case AF_INET: found.insert(Array(UnsafeRawBufferPointer(start: raw + 4, count: 4)))
            case AF_INET6: found.insert(Array(UnsafeRawBufferPointer(start: raw + 8, count: 16)))
            default: break
            }
        }
        return found
    }
}

extension [UInt8] {
    /// 127.0.0.0/8 and ::1 (RFC 6890).
    fileprivate var isLoopback: Bool {
        count == 4 ? first == 127 : last == 1 && dropLast().allSatisfy { $0 == 0 }
    }
}
