import Maintenance
import PostgreSQL

/// One question the doctor asks of a database, whose answer is the objects that have the trouble.
///
/// A health check says how one number stands right now; a lint names every object that is built, kept or configured in a
/// way that will hurt, with the very statement that mends it.
package struct Lint: Sendable {
    /// Stable, `DB101`; never reused for something else.
    package let code: String
    /// Dotted and stable, what `--only` takes: `indexes.duplicate`.
    package let name: String
    /// The order of triage over everything, 1 first: below 50 data are at risk or an outage comes, below 100 the server
    /// suffers, below 150 it is slower than it need be, below 200 something is wasted, above it is a matter of habit.
    package let priority: Int
    package let severity: Severity
    /// From this value on it is critical; nil where it never is.
    let critical: Double?
    package let title: String
    package let explanation: String
    /// Where the knowledge came from.
    package let source: String
    package let mending: Mending
    /// What to do where no single statement does it.
    let advice: String?
    let sight: Sight
    /// Whether it rests on counters that only a primary keeps: a standby neither vacuums nor writes.
    let isOfPrimary: Bool
    let probe: Probe
    /// One clause about a hit: what was found against what is expected.
    let say: @Sendable (LintHit) -> String

    /// How it looks.
    enum Probe: Sendable {
        /// A SELECT over the sets of its topic, one row for each hit; its columns are named as `LintHit`'s properties.
        case query(LintTopic, @Sendable (LintLimits) -> SQL)
        /// Judges what the server is set to.
        case settings(@Sendable (ServerState) -> [LintHit])
    }

    /// What the role has to see, lest nothing found be taken for nothing there.
    enum Sight: Sendable, CaseIterable {
        /// The catalogue, which is everybody's.
        case everyone
        /// The planner's statistics of every column: SELECT on every table (manual, "pg_stats").
        case samples
        /// Others' sessions, statements and the server's files: `pg_monitor`.
        case monitor
    }

    init(
        _ code: String, _ name: String, priority: Int, _ severity: Severity, critical: Double? = nil, title: String,
        explanation: String, source: String, mending: Mending, advice: String? = nil, sight: Sight = .everyone,
        isOfPrimary: Bool = false, _ topic: LintTopic, find: @escaping @Sendable (LintLimits) -> SQL,
        say: @escaping @Sendable (LintHit) -> String
    ) {
        self.code = code
        self.name = name
        self.priority = priority
        self.severity = severity
        self.critical = critical
        self.title = title
        self.explanation = explanation
        self.source = source
        self.mending = mending
        self.advice = advice
        self.sight = sight
        self.isOfPrimary = isOfPrimary
        probe = .query(topic, find)
        self.say = say
    }

    /// The first part of the name: `indexes`.
    package var family: String { String(name.prefix { $0 != "." }) }

    /// Matters of habit are only shown to those who ask for them.
    package var isHabit: Bool { priority >= 200 }
}

extension Lint {
    /// One about the server's settings: what it judges names them, and each hit says how it stands in `note`.
    init(
        setting code: String, _ name: String, priority: Int, _ severity: Severity, title: String, explanation: String,
        source: String, mending: Mending = .reload, advice: String? = nil,
        judge: @escaping @Sendable (ServerState) -> [LintHit]
    ) {
        self.code = code
        self.name = name
        self.priority = priority
        self.severity = severity
        critical = nil
        self.title = title
        self.explanation = explanation
        self.source = source
        self.mending = mending
        self.advice = advice
        sight = .everyone
        isOfPrimary = false
        probe = .settings(judge)
        say = { $0.note ?? "" }
    }
}

/// One object that a lint found. What a lint's query does not select is nil.
struct LintHit: Decodable, Hashable, Sendable {
    var schema: String?
    var name: String
    /// What of it: a column, a constraint, a policy.
    var part: String?
    /// What mending reads, writes or frees, from the catalogue's page counts of the last VACUUM or ANALYZE.
    var bytes: Int64?
    var value: Double?
    var bound: Double?
    var note: String?
    /// The statement that mends it, names quoted.
    var mend: String?
    /// What a setting should be.
    var wanted: String?

    /// As people write it: `public.orders`, `public.orders (total)`.
    var object: String {
        let whole = schema.map { QualifiedName(schema: $0, name: name).description } ?? name.printable
        return part.map { "\(whole) (\($0.printable))" } ?? whole
    }
}

/// From where on something is worth a finding.
package struct LintLimits: Hashable, Sendable {
    /// Smaller relations are left alone where size is what matters.
    package var leastBytes: Int64 = 1_048_576
    /// Tables with fewer rows are read whole in no time.
    package var leastRows = 1_000.0
    /// Tables from here on are large: what is harmless elsewhere costs minutes.
    package var manyRows = 1_000_000.0
    /// Rows written since the counters began, from which a pattern of writing shows.
    package var manyWrites = 100_000.0
    /// How long counters have to have counted before nothing counted means anything: a month's last days are in it.
    package var businessCycle: Duration = .seconds(35 * 86_400)
    /// Transactions since the oldest that anybody still sees, from which VACUUM is held up.
    package var horizonAge = 10_000_000.0
    /// How far beyond its own limit a table's oldest transaction may be.
    package var freezeShare = 1.25
    package var freezeAge = 100_000_000.0
    /// How far ahead partitions have to be there.
    package var partitionsAhead: Duration = .seconds(7 * 86_400)
    /// Mean milliseconds and calls from which a statement is slow.
    package var slowMilliseconds = 1_000.0
    package var slowCalls = 50.0
    package var deadlocksADay = 5.0
    package var temporaryBytesADay = 10_737_418_240.0
    package var requestedCheckpoints = 20.0

    package init() {}
}
