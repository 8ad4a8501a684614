import Glibc
import Maintenance
import NIOSSL
import Synchronization

/// One TLS context per set of authorities: making one reads some hundred certificates, so that it is never done per
/// check. A changed file gets a new one.
final class TLSContexts: Sendable {
    private enum Key: Hashable {
        case system(protocols: [String])
        case file(path: String, identity: [Int], protocols: [String])
        case unverified(protocols: [String])

        var protocols: [String] {
            switch self {
            case .system(let protocols), .file(_, _, let protocols), .unverified(let protocols): protocols
            }
        }
    }

    private let contexts = Mutex<[Key: NIOSSLContext]>([:])

    /// Reads files: not on the cooperative pool.
    ///
    /// - Parameter protocols: what is offered to be spoken (ALPN); empty offers nothing.
    func context(for trust: HTTPProbe.Trust, protocols: [String] = ["http/1.1"]) throws -> NIOSSLContext {
        switch trust {
        case .system: return try context(.system(protocols: protocols)) { _ in }
        case .file(let path):
            var status = stat()
            guard stat(path, &status) == 0 else {
                throw HTTPError.unusableAuthorities(path: path, reason: systemReason(errno))
            }
            let identity = [
                Int(status.st_ino), Int(status.st_size), status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
            ]
            return try context(.file(path: path, identity: identity, protocols: protocols)) { configuration in
                configuration.trustRoots = .certificates(try Self.certificates(in: path))
            }
        }
    }

    /// Takes any certificate; only ever used to look at one, nothing is sent over it.
    func unverified(protocols: [String] = ["http/1.1"]) throws -> NIOSSLContext {
        try context(.unverified(protocols: protocols)) { $0.certificateVerification = .none }
    }

    private func context(_ key: Key, _ adapt: (inout TLSConfiguration) throws -> Void) throws -> NIOSSLContext {
        if let known = contexts.withLock({ $0[key] }) { return known }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.applicationProtocols = key.protocols
        try adapt(&configuration)
        let made = try NIOSSLContext(configuration: configuration)
        contexts.withLock { contexts in
            // An older state of the same file is of no more use.
            if case .file(let path, _, _) = key {
                contexts = contexts.filter { other, _ in
                    if case .file(path, _, key.protocols) = other { false } else { true }
                }
            }
            contexts[key] = made
        }
        return made
    }

    private static func certificates(in path: String) throws(HTTPError) -> [NIOSSLCertificate] {
        do {
            return try NIOSSLCertificate.fromPEMFile(path)
        } catch {
            let reason = access(path, R_OK) == 0 ? "it holds no PEM certificates" : systemReason(errno)
            throw .unusableAuthorities(path: path, reason: reason)
        }
    }
}
