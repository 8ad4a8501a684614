import Glibc
import Maintenance
import NIOSSL
import Outside
import Synchronization

/// A certificate chain and its key in PEM files, read again when either has changed: whoever renews them
/// (certbot, a mounted secret) needs to tell nobody.
package final class WebCertificates: Sendable {
    private struct Known {
        var identity: [Int]
        var context: NIOSSLContext
    }

    private let certificate: String
    private let key: String
    private let known = Mutex<Known?>(nil)

    package init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }

    /// For a new connection. Files that cannot be used any more leave the ones before in place, so that a renewal that is
    /// half done turns nobody away; throws where there were none before.
    func context() throws(WebError) -> NIOSSLContext {
        let before = known.withLock { $0 }
        do {
            let identity = try identity(of: certificate) + identity(of: key)
            if let before, before.identity == identity { return before.context }
            let context = try make()
            known.withLock { $0 = Known(identity: identity, context: context) }
            return context
        } catch {
            guard let before else { throw error }
            return before.context
        }
    }

    private func make() throws(WebError) -> NIOSSLContext {
        let chain: [NIOSSLCertificate]
        do {
            chain = try NIOSSLCertificate.fromPEMFile(certificate)
        } catch {
            throw .unusableCertificate(path: certificate, reason: "it holds no PEM certificate")
        }
        let secret: NIOSSLPrivateKey
        do {
            secret = try NIOSSLPrivateKey(file: key, format: .pem)
        } catch {
            throw .unusableCertificate(path: key, reason: "it holds no PEM private key without a passphrase")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(secret))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw .unusableCertificate(path: key, reason: "it does not belong to '\(certificate)'")
        }
    }

    private func identity(of path: String) throws(WebError) -> [Int] {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw .unusableCertificate(path: path, reason: systemReason(errno))
        }
        return [Int(status.st_ino), Int(status.st_size), status.st_mtim.tv_sec, status.st_mtim.tv_nsec]
    }
}
