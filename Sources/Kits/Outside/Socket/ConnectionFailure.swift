import Glibc
import NIOCore
import NIOPosix
import NIOSSL

/// What an error of NIO or BoringSSL means to whoever wanted a connection: the one reading of them.
enum ConnectionFailure {
    /// The name leads to where nobody may speak to from here.
    case forbidden
    case noSuchHost(reason: String)
    case refused
    case unreachable(reason: String)
    case untrusted(UntrustedCertificate)
    case handshake(reason: String)
    /// It was closed before its time.
    case closed

    init(_ error: any Error) {
        switch error {
        case let error as NIOConnectionError: self.init(error)
        case is HostResolver.Forbidden: self = .forbidden
        case let error as IOError where error.errnoCode == ECONNREFUSED: self = .refused
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            self = .untrusted(UntrustedCertificate(isHostMismatch: true))
        case NIOSSLError.unableToValidateCertificate: self = .untrusted(UntrustedCertificate(isHostMismatch: false))
        case NIOSSLError.handshakeFailed(let cause):
            let text = String(describing: cause)
            self =
                text.contains("CERTIFICATE_VERIFY_FAILED")
                ? .untrusted(UntrustedCertificate(isHostMismatch: false))
                : .handshake(reason: Self.reason(inBoringSSL: text))
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            self = .handshake(reason: String(describing: error))
        case let error as IOError where error.errnoCode == ECONNRESET || error.errnoCode == EPIPE: self = .closed
        case let error as IOError: self = .unreachable(reason: systemReason(error.errnoCode))
        default: self = .unreachable(reason: String(describing: error))
        }
    }

    /// All addresses failed: the first failure is that of the address the system prefers.
    private init(_ error: NIOConnectionError) {
        let lookUps = [error.dnsAError, error.dnsAAAAError]
        let numbers = error.connectionErrors.compactMap { ($0.error as? IOError)?.errnoCode }
        if lookUps.contains(where: { $0 is HostResolver.Forbidden }) {
            self = .forbidden
        } else if let failure = lookUps.lazy.compactMap({ $0 as? HostResolver.LookUpFailure }).first {
            self = .noSuchHost(reason: failure.reason)
        } else if numbers.contains(ECONNREFUSED) {
            self = .refused
        } else {
            self = .unreachable(reason: numbers.first.map(systemReason) ?? "it has no address that could be tried")
        }
    }

    /// BoringSSL's own name for what went wrong, in words: `…:OPENSSL_internal:WRONG_VERSION_NUMBER at …`.
    static func reason(inBoringSSL text: String) -> String {
        guard let marker = text.firstRange(of: "OPENSSL_internal:") else { return text }
        let name = text[marker.upperBound...].prefix { $0.isUppercase || $0.isNumber || $0 == "_" }
        return name.isEmpty ? text : name.lowercased().replacing("_", with: " ")
    }
}

/// The handshake ended because the certificate is not trusted.
struct UntrustedCertificate: Error {
    var isHostMismatch: Bool
}
