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

    private let known = Mutex<Known?>(nil)

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

    private func digests(
        _ inventory: Inventory, _ programs: Programs, _ clock: WallClock
    ) async throws -> [(target: Target, digest: String)] {
        let now = clock.monotonic()
        if let known = known.withLock({ $0 }), known.inventory == inventory, now - known.at < Self.fresh {
            return known.digests
        }
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
        let made = Known(inventory: inventory, at: now, digests: digests)
        known.withLock { $0 = made }
        return made.digests
    }
}
