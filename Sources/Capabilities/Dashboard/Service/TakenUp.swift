import Command
import Engine
import Maintenance
import Outside

/// Judges what a process accepted that did not live to begin it: whether it is still to be done, by the rights that whoever
/// asked has now.
struct TakenUp: Sendable {
    /// What was asked for longer ago is not begun by itself: whoever asked has gone on otherwise.
    static let longest: Duration = .seconds(3_600)

    let session: Session

    init(_ session: Session) { self.session = session }

    private var log: RunLog { session.log }

    /// What is to be done, and what it works on; nil where the run log says everything about it already. Throws where it is not
    /// to be done any more.
    func work(_ kept: KeptOrder) async throws -> (RunDesk.Work, [Target])? {
        let order = kept.order
        let hasRun = try await hasRun(order.id)
        switch order.work {
        case .begin(let beginning):
            guard !hasRun else { return nil }
            let request = try beginning.request(order.id, by: order.requester, session.application.catalog)
            try await judge(order, reading: request.steps.flatMap(\.task.task.reads))
            return (.begin(request), request.steps.map(\.target))
        case .resume(let word, let change):
            // One that went on says itself how far it came.
            guard kept.beganAt == nil, hasRun else { return nil }
            let steps = try await log.steps(of: order.id)
            let catalog = session.application.catalog
            try await judge(
                order, reading: try steps.flatMap { try catalog.entry($0.task).parse($0.arguments).task.reads })
            return (
                .resume(
                    order.id, word.flatMap(Decision.init(rawValue:)), change.flatMap(ChangePlace.init(_:)),
                    order.requester), steps.map(\.target)
            )
        }
    }

    private func hasRun(_ id: String) async throws -> Bool {
        do { return try await log.run(id).id == id } catch is EngineError { return false }
    }

    /// - Parameter targets: what a task reads elsewhere, which needs the role there too.
    private func judge(_ order: RunOrder, reading targets: [Target]) async throws {
        let now = session.application.clock.now()
        let age = now - order.askedAt
        guard age <= Self.longest else { throw OrderError.tooOld(age) }
        let name = order.requester.user
        guard let account = try await log.account(name), account.isOpen else { throw OrderError.notAllowed(name) }
        var grants = account.grants
        if let id = order.token {
            let token = try await log.tokens().first { $0.id == id }
            guard let token, token.isValid(at: now) else { throw OrderError.notAllowed(name) }
            grants = grants.intersection(token.grants)
        }
        let places = order.environments + targets.map(\.environment)
        guard places.allSatisfy({ grants.may(.operator, in: $0) }) else {
            throw OrderError.notAllowed(name)
        }
    }
}
