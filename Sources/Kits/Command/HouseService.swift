import Maintenance
import Settings

/// Something that runs inside `mainstay serve` beside the scheduler, as long as that does.
package struct HouseService: Sendable {
    package var name: String
    /// Returns only by throwing; what goes wrong on the way it says and goes on.
    package var run: @Sendable (Running) async throws -> Void

    package init(_ name: String, run: @escaping @Sendable (Running) async throws -> Void) {
        self.name = name
        self.run = run
    }

    /// What a service works with.
    package struct Running: Sendable {
        package var session: Session
        /// Each reading of the configuration that took the place of the one before.
        package var inventories: AsyncStream<Inventory>
        /// Says one line on standard error: how bad it is, a message that is always the same, and the rest by name.
        package var say: @Sendable (Severity, String, [(String, String?)]) -> Void

        package init(
            session: Session, inventories: AsyncStream<Inventory>,
            say: @escaping @Sendable (Severity, String, [(String, String?)]) -> Void
        ) {
            self.session = session
            self.inventories = inventories
            self.say = say
        }
    }
}
