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
        let work: RunDesk.Work
        let targets: [Target]
        switch order.work {
        case .begin(let beginning):
            guard !hasRun else { return nil }
            let request = try beginning.request(order.id, by: order.requester, session.application.catalog)
            work = .begin(request)
            targets = request.steps.map(\.target)
        case .resume(let word, let change):
            // One that went on says itself how far it came.
            guard kept.beganAt == nil, hasRun else { return nil }
            work = .resume(
                order.id, word.flatMap(Decision.init(rawValue:)), change.flatMap(ChangePlace.init(_:)), order.requester)
            targets = try await log.steps(of: order.id).map(\.target)
        }
        let age = session.application.clock.now() - order.askedAt
        guard age <= Self.longest else { throw OrderError.tooOld(age) }
        do { try await holdRights(order, work) } catch OrderError.withdrawn(let name) {
            throw OrderError.notAllowed(name)
        }
        return (work, targets)
    }

    /// Throws where whoever asked may not do that now: there, and where its tasks read.
    func holdRights(_ order: RunOrder, _ work: RunDesk.Work) async throws {
        let reading: [Target]
        switch work {
        case .begin(let request): reading = request.steps.flatMap(\.task.task.reads)
        case .resume(let run, _, _, _):
            let catalog = session.application.catalog
            reading = try await log.steps(of: run).flatMap { try catalog.entry($0.task).parse($0.arguments).task.reads }
        }
        let name = order.requester.user
        guard let account = try await log.account(name), account.isOpen else { throw OrderError.withdrawn(name) }
        var grants = account.grants
        if let id = order.token {
            let token = try await log.tokens().first { $0.id == id }
            guard let token, token.account == name, token.isValid(at: session.application.clock.now()),
                !order.isChanging || token.scopes.contains(.run)
            else { throw OrderError.withdrawn(name) }
            grants = grants.intersection(token.grants)
        }
        let places = order.environments + reading.map(\.environment)
        guard places.allSatisfy({ grants.may(.operator, in: $0) }) else { throw OrderError.withdrawn(name) }
    }

    private func hasRun(_ id: String) async throws -> Bool {
        do { return try await log.run(id).id == id } catch is EngineError { return false }
    }
}
