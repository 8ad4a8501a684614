import Command
import Engine
import Maintenance
import Outside
import Settings

/// Carries out what people ask for on pages: dry runs, which look and change nothing. A page cannot wait for the end of
/// one, so it is told the run's id and shows it live.
final class DryRuns: Sendable {
    /// At once; the databases have other things to do.
    static let atOnce = 2
    /// What waits for its turn; one more is refused.
    static let waiting = 8

    private struct Order: Sendable {
        var request: RunRequest
        var inventory: Inventory
        /// Gets the run's id when it has begun, or why it has not.
        var began: AsyncStream<Result<String, ErrorReport>>.Continuation
    }

    private let orders: AsyncStream<Order>
    private let take: AsyncStream<Order>.Continuation

    init() {
        (orders, take) = AsyncStream.makeStream(of: Order.self, bufferingPolicy: .bufferingOldest(Self.waiting))
    }

    /// Returns when the run is recorded, with its id.
    func start(_ request: RunRequest, _ inventory: Inventory) async throws -> String {
        var request = request
        request.isDryRun = true
        let (begun, began) = AsyncStream.makeStream(of: Result<String, ErrorReport>.self)
        let order = Order(request: request, inventory: inventory, began: began)
        guard case .enqueued = take.yield(order) else {
            throw Refusal.unusable("\(Self.waiting) dry runs wait for their turn already")
        }
        for await result in begun { return try result.get() }
        throw CancellationError()
    }

    /// Works until it is cancelled.
    func run(_ session: Session) async {
        await withTaskGroup(of: Void.self) { group in
            var busy = 0
            for await order in orders {
                if busy >= Self.atOnce {
                    await group.next()
                    busy -= 1
                }
                busy += 1
                group.addTask { await Self.carryOut(order, session) }
            }
        }
    }

    private static func carryOut(_ order: Order, _ session: Session) async {
        let application = session.application
        var runner = Runner(
            inventory: order.inventory, catalog: application.catalog, log: session.log, clock: application.clock,
            programs: application.programs, stateDirectory: session.stateDirectory
        ) { event in
            if case .began(let run, _) = event { order.began.yield(.success(run.id)) }
        }
        runner.zones = application.zones
        do {
            _ = try await runner.run(order.request)
        } catch {
            // Where it has begun, its own record says so too, and nobody listens here any more.
            order.began.yield(.failure(ErrorReport(error)))
        }
        order.began.finish()
    }
}
