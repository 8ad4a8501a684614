import Maintenance

/// Why a server does not serve.
package enum WebError: MaintenanceError {
    case cannotListen(WebAddress, reason: String)
    case unusableCertificate(path: String, reason: String)

    package var code: String {
        switch self {
        case .cannotListen: "web.cannot-listen"
        case .unusableCertificate: "web.unusable-certificate"
        }
    }

    package var problem: String {
        switch self {
        case .cannotListen(let address, let reason): "cannot listen on '\(address.description.printable)': \(reason)"
        case .unusableCertificate(let path, let reason):
            "the certificate or key '\(path.printable)' cannot be used: \(reason.printable)"
        }
    }

    package var hint: String? {
        switch self {
        case .cannotListen: "Name another address under 'server.listen', or end what listens there."
        case .unusableCertificate: "Name PEM files that belong together and that Mainstay may read."
        }
    }

    package var isRetryable: Bool { true }

    package var exitStatus: ExitStatus {
        switch self {
        case .cannotListen: .failure
        case .unusableCertificate: .configuration
        }
    }
}
