import Maintenance
import Outside
import Store

/// What somebody has asked the server to carry out, from when it is accepted until its run is in the run log: kept in the
/// store, so that what waits for its turn outlives the process that accepted it.
package struct RunOrder: Codable, Hashable, Sendable, Identifiable {
    /// The run's.
    package var id: String
    package var work: Work
    package var requester: Requester
    /// The token it was asked by; nil for somebody who had signed in.
    package var token: String?
    /// Who may know of it before the run log does.
    package var environments: [String]
    package var isChanging: Bool
    package var askedAt: Timestamp

    package enum Work: Codable, Hashable, Sendable {
        case begin(Beginning)
        /// To go on with the run.
        ///
        /// - Parameter change: which one the decision is about, as `ChangePlace` writes it.
        case resume(decision: String?, change: String?)
    }

    /// A run to be, as its request says it.
    package struct Beginning: Codable, Hashable, Sendable {
        package var name: String
        package var isDryRun: Bool
        package var steps: [Step]
        package var planDigest: String?
        package var timeLimit: Duration?
    }

    package struct Step: Codable, Hashable, Sendable {
        package var task: String
        /// Normalised.
        package var arguments: [String]
        package var target: Target
    }

    package init(
        id: String, work: Work, requester: Requester, token: String?, environments: [String], isChanging: Bool,
        askedAt: Timestamp
    ) {
        self.id = id
        self.work = work
        self.requester = requester
        self.token = token
        self.environments = environments
        self.isChanging = isChanging
        self.askedAt = askedAt
    }

    /// What is asked, in words: a task's name, or that somebody goes on.
    package var name: String {
        switch work {
        case .begin(let beginning): beginning.name
        case .resume: "resume"
        }
    }
}

extension RunOrder.Beginning {
    /// What is kept of a request; who may be asked at a terminal is not.
    package init(_ request: RunRequest) {
        self.init(
            name: request.name, isDryRun: request.isDryRun,
            steps: request.steps.map {
                RunOrder.Step(task: $0.task.declaration.name, arguments: $0.task.arguments, target: $0.target)
            }, planDigest: request.planDigest, timeLimit: request.timeLimit)
    }

    /// The request again. Throws where a task or an option of it is not known any more.
    package func request(_ id: String, by requester: Requester, _ catalog: TaskCatalog) throws -> RunRequest {
        var request = RunRequest(
            name: name, isDryRun: isDryRun,
            steps: try steps.map {
                RunRequest.Step(try catalog.entry($0.task).parse($0.arguments), on: $0.target)
            }, requester: requester, planDigest: planDigest, timeLimit: timeLimit)
        request.id = id
        return request
    }
}

/// An order as it is kept.
package struct KeptOrder: Hashable, Sendable {
    package var order: RunOrder
    /// Whose process carries it out, as `ProcessMark` writes it.
    package var process: String
    /// When its turn came; nil while it waits.
    package var beganAt: Timestamp?
    /// When it came to nothing; nil while it is open.
    package var endedAt: Timestamp?
    /// Why it came to nothing.
    package var error: ErrorReport?
}

enum OrderSchema {
    static let migration = Migration(
        "engine.39",
        [
            """
            create table run_order (
                id text primary key, content text not null, process text not null, asked_at bigint not null,
                began_at bigint, ended_at bigint, error text) {clustered}
            """,
            "create index run_order_asked on run_order (asked_at)",
        ])
}

/// What is said to the store about orders.
enum OrderStatement: String, StatementSet {
    case put = """
        insert into run_order (id, content, process, asked_at) values (:id, :content, :process, :asked_at)
        on conflict (id) do update set content = excluded.content, process = excluded.process,
            asked_at = excluded.asked_at, began_at = null, ended_at = null, error = null
        """
    case order = "select * from run_order where id = :id"
    case open = "select * from run_order where ended_at is null order by asked_at, id"
    case ended = "select * from run_order where ended_at is not null and ended_at >= :since order by asked_at, id"
    case begin = "update run_order set began_at = :now where id = :id"
    case takeOver = "update run_order set process = :process where id = :id and process = :former and ended_at is null"
    case end = "update run_order set ended_at = :now, error = :error where id = :id"
    case forget = "delete from run_order where id = :id"
    case forgetOld = "delete from run_order where ended_at is not null and ended_at < :before"
}

extension RunLog {
    /// How long it is known why an order came to nothing.
    package static let ordersCountFor: Duration = .seconds(86_400)

    /// An order is accepted; one of the same run that came to nothing before is forgotten.
    package func keep(_ order: RunOrder, process: String = ProcessMark.own()) async throws {
        let now = clock.now()
        try await store.write { writer in
            try writer.run(OrderStatement.forgetOld, ["before": now - Self.ordersCountFor])
            try writer.run(
                OrderStatement.put,
                ["id": order.id, "content": StoredJSON(order), "process": process, "asked_at": order.askedAt])
        }
    }

    package func order(_ id: String) async throws -> KeptOrder? {
        try await store.read { try $0.first(OrderStatement.order, ["id": id]).map(KeptOrder.init) }
    }

    /// In the order in which they were asked for.
    package func openOrders() async throws -> [KeptOrder] {
        try await store.read { try $0.rows(OrderStatement.open).map(KeptOrder.init) }
    }

    /// Those that came to nothing of late.
    package func endedOrders() async throws -> [KeptOrder] {
        let since = clock.now() - Self.ordersCountFor
        return try await store.read { try $0.rows(OrderStatement.ended, ["since": since]).map(KeptOrder.init) }
    }

    /// Its turn has come.
    package func beginOrder(_ id: String) async throws {
        let now = clock.now()
        try await store.write { try $0.run(OrderStatement.begin, ["id": id, "now": now]) }
    }

    /// Takes on what another process left.
    ///
    /// - Returns: false where somebody else was first.
    package func takeOver(_ kept: KeptOrder, process: String = ProcessMark.own()) async throws -> Bool {
        try await store.write { writer in
            try writer.run(
                OrderStatement.takeOver, ["id": kept.order.id, "process": process, "former": kept.process]) > 0
        }
    }

    /// It came to nothing.
    package func endOrder(_ id: String, _ report: ErrorReport) async throws {
        let now = clock.now()
        try await store.write { try $0.run(OrderStatement.end, ["id": id, "now": now, "error": StoredJSON(report)]) }
    }

    /// Its run is in the run log, which says everything from now on.
    package func forgetOrder(_ id: String) async throws {
        try await store.write { try $0.run(OrderStatement.forget, ["id": id]) }
    }
}

extension KeptOrder {
    init(_ row: StoreRow) throws {
        self.init(
            order: try row.get("content", as: StoredJSON<RunOrder>.self).value, process: try row.get("process"),
            beganAt: try row.get("began_at"), endedAt: try row.get("ended_at"),
            error: try row.get("error", as: StoredJSON<ErrorReport>?.self)?.value)
    }
}
