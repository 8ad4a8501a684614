import Glibc
import Synchronization

/// How many connections there are, all together and of each address.
final class ConnectionCount: Sendable {
    private struct State {
        var all = 0
        var peers: [String: Int] = [:]
    }

    private let most: Int
    private let mostOfPeer: Int
    private let state = Mutex(State())

    init(_ limits: WebLimits) {
        most = min(limits.connections, max(64, Self.descriptors(for: limits.connections) / 2))
        mostOfPeer = limits.connectionsOfPeer
    }

    /// Whether one more may be.
    func take(_ peer: String) -> Bool {
        state.withLock { state in
            let isOwn = peer.hasPrefix("127.") || peer == "::1"
            guard state.all < most, isOwn || state.peers[peer, default: 0] < mostOfPeer else { return false }
            state.all += 1
            state.peers[peer, default: 0] += 1
            return true
        }
    }

    func give(_ peer: String) {
        state.withLock { state in
            state.all -= 1
            let left = state.peers[peer, default: 1] - 1
            state.peers[peer] = left > 0 ? left : nil
        }
    }

    /// How many there are now.
    var open: Int { state.withLock { $0.all } }

    /// What this process may have open (getrlimit(2)): where that is less than so many connections need, it is raised as far as
    /// the system lets it. Shells give 1,024 and let programs have more; what we start inherits it.
    private static func descriptors(for connections: Int) -> Int {
        let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(files, &limit) == 0 else { return 1_024 }
        let wanted = rlim_t(clamping: 2 * connections)
        if limit.rlim_cur < wanted, limit.rlim_cur < limit.rlim_max {
            var raised = limit
            raised.rlim_cur = min(wanted, limit.rlim_max)
            if setrlimit(files, &raised) == 0 { limit = raised }
        }
        return Int(clamping: limit.rlim_cur)
    }
}
