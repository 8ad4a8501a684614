import Command
import Engine
import Maintenance
import Outside
import Settings
import Synchronization

/// Carries out what people and programs ask for over the network. Whoever asks is told the run's id at once and looks how it
/// goes: nobody waits for a run to begin, and one that waits for its turn or came to nothing before it began is known here.
final class RunDesk: Sendable {
    /// At once; the databases have other things to do.
    static let atOnce = 2
    /// What waits for its turn; one more is refused.
    static let waiting = 8
    /// Of one account, so that nobody keeps the others from theirs.
    static let waitingOfOne = 2
    /// Of one account at once: the rest is for others, however long its runs take.
    static let atOnceOfOne = 1
    /// What came to nothing before it began, so many are remembered.
    static let remembered = 200

    /// How something stands that was asked for and is not in the run log, or is carried out by this process.
    enum Standing: Sendable, Hashable {
        /// So many come before it.
        case waits(before: Int)
        case runs
        case refused(ErrorReport)
    }

    /// What is to be done.
    enum Work: Sendable {
        case begin(RunRequest)
        case resume(String, Decision?, ChangePlace?, Requester)

        fileprivate var account: String {
            switch self {
            case .begin(let request): request.requester.user
            case .resume(_, _, _, let requester): requester.user
            }
        }
    }

    struct Order: Sendable {
        var id: String
        var work: Work
        var inventory: Inventory
    }

    private struct Entry {
        var number: Int
        /// Who may know of it before the run log does.
        var environments: [String]
        var standing: Standing
        var cancel: AsyncStream<Void>.Continuation
        var isChanging: Bool
    }

    /// What waits for its turn.
    private struct Turn: Sendable {
        var order: Order
        var cancelled: AsyncStream<Void>
        var account: String { order.work.account }
        var isResume: Bool { if case .resume = order.work { true } else { false } }
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var last = 0
        /// In their order; what goes on with a run comes before what begins one.
        var turns: [Turn] = []
        /// How many runs of each account go on.
        var busy: [String: Int] = [:]

        /// The next one whose account has not its share already.
        mutating func next() -> Turn? {
            guard busy.values.reduce(0, +) < RunDesk.atOnce,
                let place = turns.firstIndex(where: { busy[$0.account, default: 0] < RunDesk.atOnceOfOne })
            else { return nil }
            let turn = turns.remove(at: place)
            busy[turn.account, default: 0] += 1
            entries[turn.order.id]?.standing = .runs
            return turn
        }

        mutating func ended(_ account: String) {
            busy[account, default: 0] -= 1
            if busy[account] == 0 { busy[account] = nil }
        }
    }

    private let state = Mutex(State())
    /// That it is to be looked whether something can begin.
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    init() {
        (wakes, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Takes an order, or says that too many wait.
    ///
    /// - Returns: the run's id, under which it is in the run log once it has begun.
    func accept(
        _ work: Work, of environments: [String], isChanging: Bool, _ inventory: Inventory, at now: Timestamp
    ) throws -> String {
        var work = work
        let id: String
        switch work {
        case .begin(var request):
            id = request.id ?? RunRequest.newID(at: now)
            request.id = id
            work = .begin(request)
        case .resume(let run, _, _, _): id = run
        }
        let (cancelled, cancel) = AsyncStream.makeStream(of: Void.self)
        let turn = Turn(order: Order(id: id, work: work, inventory: inventory), cancelled: cancelled)
        let refusal: String? = state.withLock { state in
            if let known = state.entries[id], known.standing.isOpen {
                return "the run '\(id)' is being carried out already"
            }
            guard state.turns.count < Self.waiting else {
                return "\(Self.waiting) runs wait for their turn already, and nothing was started"
            }
            guard state.turns.count(where: { $0.account == turn.account }) < Self.waitingOfOne else {
                return "\(Self.waitingOfOne) runs of yours wait for their turn already, and nothing was started"
            }
            state.last += 1
            state.entries[id] = Entry(
                number: state.last, environments: environments, standing: .waits(before: 0), cancel: cancel,
                isChanging: isChanging)
            let place = turn.isResume ? state.turns.firstIndex { !$0.isResume } : nil
            state.turns.insert(turn, at: place ?? state.turns.endIndex)
            return nil
        }
        if let refusal { throw Refusal.busy(refusal) }
        wake.yield()
        return id
    }

    /// Nil for what is not known here: it ended, another process carries it out, or there is none.
    func standing(of id: String) -> (standing: Standing, environments: [String], isChanging: Bool)? {
        state.withLock { state in
            guard let entry = state.entries[id] else { return nil }
            guard case .waits = entry.standing else { return (entry.standing, entry.environments, entry.isChanging) }
            let place = state.turns.firstIndex { $0.order.id == id } ?? 0
            let before = place + state.busy.values.reduce(0, +)
            return (.waits(before: before), entry.environments, entry.isChanging)
        }
    }

    /// Ends a run of this process: its present change ends cleanly, and `resume` goes on with the rest.
    ///
    /// - Returns: false where it is none of this process.
    func cancel(_ id: String) -> Bool {
        let isWaiting: Bool? = state.withLock { state in
            guard let entry = state.entries[id], entry.standing.isOpen else { return nil }
            guard let place = state.turns.firstIndex(where: { $0.order.id == id }) else {
                entry.cancel.yield()
                return false
            }
            state.turns.remove(at: place)
            return true
        }
        guard let isWaiting else { return false }
        if isWaiting { end(id, ErrorReport(code: "cancelled", problem: "it was cancelled before it began")) }
        return true
    }

    /// Works until it is cancelled.
    func run(_ session: Session) async {
        await withDiscardingTaskGroup { group in
            for await _ in wakes {
                while let turn = state.withLock({ $0.next() }) {
                    group.addTask {
                        await self.work(turn.order, turn.cancelled, session)
                        self.state.withLock { $0.ended(turn.account) }
                        self.wake.yield()
                    }
                }
            }
        }
    }

    private func work(_ order: Order, _ cancelled: AsyncStream<Void>, _ session: Session) async {
        let trouble = await withTaskGroup(of: ErrorReport??.self) { group in
            group.addTask { await .some(Self.carryOut(order, session)) }
            group.addTask {
                for await _ in cancelled { break }
                return nil
            }
            var trouble: ErrorReport?
            while let ended = await group.next() {
                group.cancelAll()
                // Of the two, the run is the one that says how it ended.
                if case .some(let report) = ended { trouble = report }
            }
            return trouble
        }
        end(order.id, trouble)
    }

    /// What ended is in the run log, but where it came to nothing before.
    private func end(_ id: String, _ trouble: ErrorReport?) {
        state.withLock { state in
            state.entries[id]?.cancel.finish()
            guard let trouble else {
                state.entries[id] = nil
                return
            }
            state.entries[id]?.standing = .refused(trouble)
            let refused = state.entries.filter { !$0.value.standing.isOpen }
            if refused.count > Self.remembered, let oldest = refused.min(by: { $0.value.number < $1.value.number }) {
                state.entries[oldest.key] = nil
            }
        }
    }

    /// Why it came to nothing; nil where its own record says what came of it.
    private static func carryOut(_ order: Order, _ session: Session) async -> ErrorReport? {
        let application = session.application
        var runner = Runner(
            inventory: order.inventory, catalog: application.catalog, log: session.log, clock: application.clock,
            programs: application.programs, stateDirectory: session.stateDirectory)
        runner.zones = application.zones
        runner.drain = application.drain
        do {
            let summary: RunSummary
            switch order.work {
            case .begin(let request): summary = try await runner.run(request)
            case .resume(let run, let decision, let place, let requester):
                summary = try await runner.resume(run, decision: decision, about: place, requester: requester)
            }
            session.leave(
                summary.auditHead, after: "run \(summary.run.id), which is \(summary.run.state.rawValue)")
            return nil
        } catch {
            return ErrorReport(error)
        }
    }
}

extension RunDesk.Standing {
    /// Whether it is still to come or goes on.
    var isOpen: Bool { if case .refused = self { false } else { true } }
}
