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
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// Nil where it is no heartbeat's. A key that cannot be looked up is nobody's.
    func target(of key: String, _ inventory: Inventory, _ programs: Programs, _ clock: WallClock) async throws
        -> Target?
    {
        // Nothing is looked up for what can be nobody's.
        guard HeartbeatAccess.isUsable(key: key) else { return nil }
        let digest = Keys.digest(key)
        var found: Target?
        for (target, own) in try await digests(inventory, programs, clock) where Keys.areEqual(own, digest) {
            found = found ?? target
        }
        return found
    }

    /// However many ask at once, files and commands are asked once in a while and by one of them.
    private func digests(
        _ inventory: Inventory, _ programs: Programs, _ clock: WallClock
    ) async throws -> [(target: Target, digest: String)] {
        while true {
            try Task.checkCancellation()
            let now = clock.monotonic()
            let (fresh, isMine) = state.withLock { state -> (Known?, Bool) in
                // While somebody looks, the others go by what is known.
                if let known = state.known, known.inventory == inventory,
                    now - known.at < Self.fresh || state.isLooking
                {
                    return (known, false)
                }
                guard !state.isLooking else { return (nil, false) }
                state.isLooking = true
                return (nil, true)
            }
            if let fresh { return fresh.digests }
            guard isMine else {
                await withCheckedContinuation { continuation in
                    let isOver = state.withLock { state in
                        guard state.isLooking else { return true }
                        state.waiting.append(continuation)
                        return false
                    }
                    if isOver { continuation.resume() }
                }
                continue
            }
            var made: Known?
            defer {
                let waiting = state.withLock { state in
                    state.isLooking = false
                    if let made { state.known = made }
                    defer { state.waiting = [] }
                    return state.waiting
                }
                for continuation in waiting { continuation.resume() }
            }
            // Whoever goes away does not make it begin anew for the next one.
            let digests = try await despiteCancellation { try await self.lookUp(inventory, programs) }
            made = Known(inventory: inventory, at: clock.monotonic(), digests: digests)
            return digests
        }
    }

    private func lookUp(_ inventory: Inventory, _ programs: Programs) async throws
        -> [(target: Target, digest: String)]
    {
        var digests: [(target: Target, digest: String)] = []
        for (target, resource) in inventory.targets(of: [.heartbeat]) {
            guard case .heartbeat(let access) = resource.access else { continue }
            do {
                let key = try await access.key.resolve(with: programs).reveal()
                guard HeartbeatAccess.isUsable(key: key) else { continue }
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
