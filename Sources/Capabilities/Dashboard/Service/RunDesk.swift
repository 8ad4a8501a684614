import Command
import Engine
import Maintenance
import Outside
import Settings
import Store
import Synchronization

/// Carries out what people and programs ask for over the network. Whoever asks is told the run's id at once and looks how it
/// goes: nobody waits for a run to begin, and one that waits for its turn or came to nothing before it began is known here
/// and in the store, from which the next process takes it up (`takeUp`).
final class RunDesk: Sendable {
    /// At once; the databases have other things to do.
    static let atOnce = 4
    /// What waits for its turn; one more is refused.
    static let waiting = 12
    /// Of one account, so that nobody keeps the others from theirs.
    static let waitingOfOne = 4
    /// Of one account at once: a place is left for others, however long its runs take.
    static let atOnceOfOne = 3
    /// How long a step waits for a run of another process that changes the same target.
    static let patience: Duration = .seconds(600)
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

        fileprivate var requester: Requester {
            switch self {
            case .begin(let request): request.requester
            case .resume(_, _, _, let requester): requester
            }
        }

        fileprivate var account: String { requester.user }

        fileprivate var kept: RunOrder.Work {
            switch self {
            case .begin(let request): .begin(RunOrder.Beginning(request))
            case .resume(_, let decision, let place, _):
                .resume(decision: decision?.rawValue, change: place?.description)
            }
        }
    }

    struct Order: Sendable {
        /// As it is in the store.
        var kept: RunOrder
        var work: Work
        var inventory: Inventory
        /// What it may change; of these the engine lets one run at a time change each.
        var changes: Set<Target>

        var id: String { kept.id }
    }

    private struct Entry {
        var number: Int
        /// Who may know of it before the run log does.
        var environments: [String]
        var standing: Standing
        var cancel: AsyncStream<Void>.Continuation
        var isChanging: Bool
        /// Who waits for its end.
        var waiting: [AsyncStream<Void>.Continuation] = []
    }

    /// What waits for its turn.
    private struct Turn: Sendable {
        var order: Order
        var cancelled: AsyncStream<Void>
        /// Nothing begins that is not in the store.
        var isKept: Bool
        var account: String { order.work.account }
        var isResume: Bool { if case .resume = order.work { true } else { false } }
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var last = 0
        /// In their order; what goes on with a run comes before what begins one.
        var turns: [Turn] = []
        /// What goes on: whose it is, and what it may change.
        var busy: [String: (account: String, changes: Set<Target>)] = [:]

        /// The next one whose account has not its share already, and whose targets nobody changes or is to change before it.
        mutating func next() -> Turn? {
            guard busy.count < RunDesk.atOnce else { return nil }
            var taken = busy.values.reduce(into: Set<Target>()) { $0.formUnion($1.changes) }
            for (place, turn) in turns.enumerated() {
                let own = busy.values.count { $0.account == turn.account }
                if turn.isKept, own < RunDesk.atOnceOfOne, taken.isDisjoint(with: turn.order.changes) {
                    turns.remove(at: place)
                    busy[turn.order.id] = (turn.account, turn.order.changes)
                    entries[turn.order.id]?.standing = .runs
                    return turn
                }
                taken.formUnion(turn.order.changes)
            }
            return nil
        }

        mutating func add(
            _ turn: Turn, of environments: [String], isChanging: Bool, _ cancel: AsyncStream<Void>.Continuation
        ) {
            last += 1
            entries[turn.order.id] = Entry(
                number: last, environments: environments, standing: .waits(before: 0), cancel: cancel,
                isChanging: isChanging)
            let place = turn.isResume ? turns.firstIndex { !$0.isResume } : nil
            turns.insert(turn, at: place ?? turns.endIndex)
        }
    }

    private let log: RunLog
    private let state = Mutex(State())
    /// That it is to be looked whether something can begin.
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    init(_ log: RunLog) {
        self.log = log
        (wakes, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Takes an order and keeps it in the store, or says that too many wait.
    ///
    /// - Parameters:
    ///   - token: the id of the token it was asked by.
    ///   - targets: what a run works on that is gone on with; of a new one its steps say it.
    /// - Returns: the run's id, under which it is in the run log once it has begun.
    func accept(
        _ work: Work, of environments: [String], isChanging: Bool, _ inventory: Inventory, token: String? = nil,
        targets: [Target] = [], at now: Timestamp
    ) async throws -> String {
        var work = work
        let id: String
        var touched = targets
        switch work {
        case .begin(var request):
            id = request.id ?? RunRequest.newID(at: now)
            request.id = id
            touched = request.steps.map(\.target)
            work = .begin(request)
        case .resume(let run, _, _, _): id = run
        }
        let (cancelled, cancel) = AsyncStream.makeStream(of: Void.self)
        let kept = RunOrder(
            id: id, work: work.kept, requester: work.requester, token: token, environments: environments,
            isChanging: isChanging, askedAt: now)
        let turn = Turn(
            order: Order(
                kept: kept, work: work, inventory: inventory, changes: isChanging ? Self.locked(touched) : []),
            cancelled: cancelled, isKept: false)
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
            state.add(turn, of: environments, isChanging: isChanging, cancel)
            return nil
        }
        if let refusal { throw Refusal.busy(refusal) }
        do {
            try await despiteCancellation { [log] in try await log.keep(kept) }
        } catch {
            state.withLock { state in
                state.turns.removeAll { $0.order.id == id }
                state.entries[id] = nil
            }
            throw error
        }
        let isThere = state.withLock { state in
            guard let place = state.turns.firstIndex(where: { $0.order.id == id }) else { return false }
            state.turns[place].isKept = true
            return true
        }
        // Cancelled while it was written down: the next process does not begin it.
        if !isThere { try await end(id, Self.cancelledEarly) }
        wake.yield()
        return id
    }

    /// What another process accepted and did not live to begin, in the order in which it was asked for. What is too old, or what
    /// whoever asked may not do any more, comes to nothing, and `mainstay status` says so.
    func takeUp(_ session: Session) async throws {
        for kept in try await log.openOrders() where ProcessMark.isOver(kept.process) {
            guard try await log.takeOver(kept) else { continue }
            let order = kept.order
            do {
                guard let (work, touched) = try await TakenUp(session).work(kept) else {
                    try await log.forgetOrder(order.id)
                    continue
                }
                let (cancelled, cancel) = AsyncStream.makeStream(of: Void.self)
                let turn = Turn(
                    order: Order(
                        kept: order, work: work, inventory: session.inventory,
                        changes: order.isChanging ? Self.locked(touched) : []),
                    cancelled: cancelled, isKept: true)
                state.withLock { $0.add(turn, of: order.environments, isChanging: order.isChanging, cancel) }
            } catch let error as StoreError {
                throw error
            } catch let error as OrderError {
                try await log.endOrder(order.id, ErrorReport(error))
            } catch {
                try await log.endOrder(order.id, ErrorReport(OrderError.impossible(ErrorReport(error).problem)))
            }
        }
        wake.yield()
    }

    private static let cancelledEarly = ErrorReport(code: "cancelled", problem: "it was cancelled before it began")

    /// Of what belongs to no environment the engine locks nothing.
    private static func locked(_ targets: [Target]) -> Set<Target> { Set(targets.filter { !$0.environment.isEmpty }) }

    /// Nil for what is not known here: it ended, another process carries it out, or there is none.
    func standing(of id: String) -> (standing: Standing, environments: [String], isChanging: Bool)? {
        state.withLock { state in
            guard let entry = state.entries[id] else { return nil }
            guard case .waits = entry.standing else { return (entry.standing, entry.environments, entry.isChanging) }
            let place = state.turns.firstIndex { $0.order.id == id } ?? 0
            let before = place + state.busy.count
            return (.waits(before: before), entry.environments, entry.isChanging)
        }
    }

    /// How something stood that came to nothing before it began, in this process or an earlier one.
    func former(_ id: String) async throws -> (standing: Standing, environments: [String])? {
        guard let kept = try await log.order(id) else { return nil }
        guard let error = kept.error else { return (.waits(before: 0), kept.order.environments) }
        return (.refused(error), kept.order.environments)
    }

    /// Comes to its end with the run, at once where it is none of this process or over already.
    func end(of id: String) -> AsyncStream<Void> {
        let (end, tell) = AsyncStream.makeStream(of: Void.self)
        let isOpen = state.withLock { state in
            guard state.entries[id]?.standing.isOpen == true else { return false }
            state.entries[id]?.waiting.append(tell)
            return true
        }
        if !isOpen { tell.finish() }
        return end
    }

    /// Ends a run of this process: its present change ends cleanly, and `resume` goes on with the rest.
    ///
    /// - Returns: false where it is none of this process.
    func cancel(_ id: String) async throws -> Bool {
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
        if isWaiting { try await end(id, Self.cancelledEarly) }
        return true
    }

    /// Works until it is cancelled.
    ///
    /// - Parameter complain: is told what cannot be written down; the runs themselves go on.
    func run(
        _ session: Session, complain: @escaping @Sendable (String, ErrorReport) -> Void = { _, _ in }
    ) async {
        await withDiscardingTaskGroup { group in
            for await _ in wakes {
                while let turn = state.withLock({ $0.next() }) {
                    group.addTask {
                        do {
                            try await self.work(turn.order, turn.cancelled, session)
                        } catch {
                            complain("how an accepted run stands cannot be written down", ErrorReport(error))
                        }
                        self.state.withLock { $0.busy[turn.order.id] = nil }
                        self.wake.yield()
                    }
                }
            }
        }
    }

    private func work(_ order: Order, _ cancelled: AsyncStream<Void>, _ session: Session) async throws {
        do { try await log.beginOrder(order.id) } catch {
            try await end(order.id, ErrorReport(error))
            throw error
        }
        // It may have waited for hours for those before it.
        do { try await TakenUp(session).holdRights(order.kept, order.work) } catch {
            if Task.isCancelled { return }
            return try await end(order.id, ErrorReport(error))
        }
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
        // What the stop of the server kept from beginning is taken up by the next one.
        if trouble != nil, Task.isCancelled { return }
        try await end(order.id, trouble)
    }

    /// What ended is in the run log, but where it came to nothing before.
    private func end(_ id: String, _ trouble: ErrorReport?) async throws {
        state.withLock { state in
            state.entries[id]?.cancel.finish()
            for waiting in state.entries[id]?.waiting ?? [] { waiting.finish() }
            state.entries[id]?.waiting = []
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
        try await despiteCancellation { [log] in
            if let trouble { try await log.endOrder(id, trouble) } else { try await log.forgetOrder(id) }
        }
    }

    /// Why it came to nothing; nil where its own record says what came of it.
    private static func carryOut(_ order: Order, _ session: Session) async -> ErrorReport? {
        let application = session.application
        var runner = Runner(
            inventory: order.inventory, catalog: application.catalog, log: session.log, clock: application.clock,
            programs: application.programs, stateDirectory: session.stateDirectory)
        runner.zones = application.zones
        runner.busyPatience = patience
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
