import Crypto
import Foundation
import Maintenance
import Outside
import Settings
import Synchronization

/// Whose key stands in an address: every heartbeat's is compared, in a time that tells nothing about any of them.
final class HeartbeatKeys: Sendable {
    /// How long a key that a file or a command gave is believed.
    private static let fresh: Duration = .seconds(60)

    private struct Known {
        var inventory: Inventory
        var at: Duration
        var digests: [(target: Target, digest: String)]
    }

    private struct State {
        var known: Known?
        var isLooking = false
    }

    private let state = Mutex(State())

    /// Nil where it is no heartbeat's. A key that cannot be looked up is nobody's.
    func target(of key: String, _ inventory: Inventory, _ programs: Programs, _ clock: WallClock) async throws
        -> Target?
    {
        let digest = Keys.digest(key)
        var found: Target?
        for (target, own) in try await digests(inventory, programs, clock) where Keys.areEqual(own, digest) {
            found = found ?? target
        }
        return found
    }

    /// One at a time looks them up, so that nobody from outside makes us start program after program; the others go by
    /// what is known.
    private func digests(
        _ inventory: Inventory, _ programs: Programs, _ clock: WallClock
    ) async throws -> [(target: Target, digest: String)] {
        let now = clock.monotonic()
        let (known, isMine) = state.withLock { state -> (Known?, Bool) in
            let known = state.known.flatMap { $0.inventory == inventory ? $0 : nil }
            if let known, now - known.at < Self.fresh || state.isLooking { return (known, false) }
            guard !state.isLooking else { return (nil, false) }
            state.isLooking = true
            return (nil, true)
        }
        if let known { return known.digests }
        guard isMine else { throw Refusal.busy("keys are being looked up just now") }
        defer { state.withLock { $0.isLooking = false } }
        let digests = try await look(inventory, programs)
        let made = Known(inventory: inventory, at: now, digests: digests)
        state.withLock { $0.known = made }
        return digests
    }

    private func look(
        _ inventory: Inventory, _ programs: Programs
    ) async throws -> [(target: Target, digest: String)] {
        var digests: [(target: Target, digest: String)] = []
        for (target, resource) in inventory.targets(of: [.heartbeat]) {
            guard case .heartbeat(let access) = resource.access else { continue }
            do {
                let key = try await access.key.resolve(with: programs).reveal()
                guard key.utf8.count >= HeartbeatAccess.shortestKey else { continue }
                digests.append((target, Keys.digest(key)))
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                // The others are heard all the same; 'config check' says what is wrong with this one.
                continue
            }
        }
        return digests
    }
}
