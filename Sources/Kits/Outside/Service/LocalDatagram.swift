import Glibc

/// One datagram to a socket of this machine, sent without ever waiting for whoever should read it.
struct LocalDatagram {
    /// A path, or a name behind `@` in the kernel's abstract namespace (unix(7)).
    var address: String

    /// Nil where it was taken, else why not: `no such file or directory` where nobody listens.
    func send(_ message: [UInt8]) -> String? {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return systemReason(errno) }
        defer { close(descriptor) }
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(address.utf8)
        let isAbstract = bytes.first == UInt8(ascii: "@")
        if isAbstract { bytes[0] = 0 }
        guard bytes.count < MemoryLayout.size(ofValue: name.sun_path) else { return systemReason(ENAMETOOLONG) }
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: bytes) }
        // Every byte counts in the abstract namespace, so its end is where the name's is.
        let head = MemoryLayout<sockaddr_un>.size - MemoryLayout.size(ofValue: name.sun_path)
        let length = isAbstract ? head + bytes.count : MemoryLayout<sockaddr_un>.size
        let connected = withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(length))
            }
        }
        guard connected == 0 else { return systemReason(errno) }
        let sent = Glibc.send(descriptor, message, message.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
        return sent == message.count ? nil : systemReason(errno)
    }
}
