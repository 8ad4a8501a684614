import Maintenance

/// A conversation that came to nothing.
package enum SocketError: MaintenanceError, Equatable {
    case noSuchHost(String, reason: String)
    case refused(String)
    case unreachable(String, reason: String)
    case timedOut(String, phase: HTTPError.Phase, after: Duration)
    /// It answered, and not as the protocol has it; the reason is a clause about it.
    case unexpected(String, reason: String)
    case handshakeFailed(String, reason: String)

    package var code: String {
        switch self {
        case .noSuchHost: "socket.no-such-host"
        case .refused: "socket.refused"
        case .unreachable: "socket.unreachable"
        case .timedOut: "socket.timed-out"
        case .unexpected: "socket.unexpected"
        case .handshakeFailed: "socket.handshake-failed"
        }
    }

    package var problem: String {
        switch self {
        case .noSuchHost(let host, let reason): "the host '\(host.printable)' cannot be found: \(reason)"
        case .refused(let address): "'\(address.printable)' refuses connections"
        case .unreachable(let address, let reason): "'\(address.printable)' cannot be reached: \(reason)"
        case .timedOut(let address, let phase, let limit):
            "'\(address.printable)' did not answer within \(limit.short) (it took too long at: \(phase.rawValue))"
        case .unexpected(let address, let reason): "'\(address.printable)' answered, but \(reason)"
        case .handshakeFailed(let address, let reason):
            "the TLS handshake with '\(address.printable)' failed: \(reason)"
        }
    }

    package var hint: String? { nil }

    package var isRetryable: Bool {
        switch self {
        case .noSuchHost, .refused, .unreachable, .timedOut: true
        case .unexpected, .handshakeFailed: false
        }
    }

    package var exitStatus: ExitStatus {
        if case .unexpected = self { .failure } else { .unreachable }
    }
}
