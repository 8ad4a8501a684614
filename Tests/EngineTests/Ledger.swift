import Engine
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL

/// A task whose change cannot be done twice without being noticed: it adds one row to a ledger for each key it is
/// given. What goes wrong, and where, a test decides.
struct Ledger: MaintenanceTask {
    struct Options: Sendable {}

    static let declaration = TaskDeclaration(
        name: "test.ledger", summary: "add rows", explanation: "For tests.", effect: .destroys,
        subject: .resources([.postgresql]))

    var keys: [String] = ["a", "b", "c"]
    var effect: Effect = .maintains
    var authority: String?
    /// A row more replaces nothing.
    var keeps: String? = "every row that was there"
    /// What a test wants otherwise of a proposed change.
    var adapting: @Sendable (inout Change) -> Void = { _ in }
    var findings: @Sendable (Target) -> [Finding] = { _ in [] }
    var examined: Set<String> = []
    var gaps: [Observation.Gap] = []
    /// Before a row is written; may throw, hang or interfere.
    var before: @Sendable (Change, Act) async throws -> Void = { _, _ in }
    /// After a row is written.
    var after: @Sendable (Change, Act) async throws -> Void = { _, _ in }
    /// Instead of looking again.
    var verdict: @Sendable (Change) async throws -> Proof? = { _ in nil }

    init(_ options: Options) {}
    init() {}

    static let table: StaticString = "create table ledger (key text not null, step serial)"

    static func rows(_ database: TestDatabase) async throws -> [String] {
        try await database.connect { try await $0.query("select key from ledger order by step").map { try $0["key"] } }
    }

    func survey(_ look: Look) async throws -> Observation {
        var observation = Observation()
        observation.identity = try await DatabaseIdentity.facts(look.database())
        observation.findings = findings(look.target)
        observation.examined = examined
        observation.gaps = gaps
        let oid = try await oid(look)
        observation.changes = keys.map { key in
            var change = Change(
                kind: "add", object: key,
                action: .sql([("insert into ledger (key) values (\(literal: key))" as SQL).literalText]),
                effect: effect, reversal: "delete the row", identity: ["oid": .integer(oid)], reason: "a test wants it",
                authority: authority, keeps: keeps)
            adapting(&change)
            return change
        }
        return observation
    }

    func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        Inspection(identity: ["oid": .integer(try await oid(look))], witness: ["rows": try await count(change, look)])
    }

    func apply(_ change: Change, _ act: Act) async throws {
        try await before(change, act)
        guard case .sql(let statements) = change.action else { return }
        for statement in statements { try await act.connection().executeScript(trusted: statement) }
        try await after(change, act)
    }

    func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        if let decided = try await verdict(change) { return decided }
        let now = try await count(change, look)
        return now == witness["rows"] ? .notDone("no row more than before") : .done(["rows": now])
    }

    private func oid(_ look: Look) async throws -> Int64 {
        try await look.database().query("select 'ledger'::regclass::oid::bigint as oid").only["oid"]
    }

    private func count(_ change: Change, _ look: Look) async throws -> Scalar {
        let rows = try await look.database().query("select count(*) as n from ledger where key = \(change.object)")
        return .integer(try rows.only["n"])
    }
}

/// An error of a test's own.
struct Trouble: MaintenanceError {
    var problem = "trouble"
    var isRetryable = false
    var code: String { "test.trouble" }
}
