/// One concrete thing a task proposes, exact enough to be approved: the very SQL, argv or file operation.
///
/// What stands in `identity` is checked again right before the change starts, and the change is refused when it differs.
package struct Change: Codable, Hashable, Sendable, Identifiable {
    /// Stable inside its plan and readable: `analyze public.events`.
    package var id: String
    /// The kind inside its task, stable: `analyze`.
    package var kind: String
    /// What it is done to, as people write it. Hostile text.
    package var object: String
    package var action: Action
    package var effect: Effect
    package var scope: Scope
    /// The strongest lock it takes, in PostgreSQL's words; nil where it takes none.
    package var lock: LockMode?
    /// How to undo it, or why that needs nothing.
    package var reversal: String
    /// What must still be so when it starts: definition, object identity, digest. Part of the plan's digest.
    package var identity: Facts
    /// Why it is proposed; shown, not digested.
    package var reason: String
    /// Where configuration allows it in writing, as `file:line`; a routine's `destroys` change needs one.
    package var authority: String?
    /// How long it is expected to take, and where that number comes from; shown, not digested.
    package var estimate: Estimate?
    /// How far it reaches, where the task tells updates apart.
    package var changeClass: ChangeClass?
    /// How bad it would be to leave it undone, in the words of what it mends; nil for `info`. Where a window is too short
    /// for everything it decides what comes first; not digested.
    package var priority: Severity?
    /// Resources of the same environment that are out of service while it is made, by name: nobody is told of what their
    /// checks say meanwhile. Nil where the lock says it; not digested.
    package var interrupts: [String]?
    /// How what it replaces stays within reach, where the change itself sees to that: the old database renamed, an archive
    /// read back; or why nothing has to. Nil where it does not; then what it removes has to be in a fresh proved backup.
    /// Not digested.
    package var keeps: String?

    package init(
        kind: String, object: String, action: Action, effect: Effect, scope: Scope = .resource,
        lock: LockMode? = nil, reversal: String, identity: Facts, reason: String, authority: String? = nil,
        estimate: Estimate? = nil, changeClass: ChangeClass? = nil, priority: Severity? = nil,
        interrupts: [String]? = nil, keeps: String? = nil
    ) {
        id = "\(kind) \(object)"
        self.kind = kind
        self.object = object
        self.action = action
        self.effect = effect
        self.scope = scope
        self.lock = lock
        self.reversal = reversal
        self.identity = identity
        self.reason = reason
        self.authority = authority
        self.estimate = estimate
        self.changeClass = changeClass
        self.priority = priority
        self.interrupts = interrupts
        self.keeps = keeps
    }

    /// What is out of service while it is made: what it says, else its own target where others have to wait for its lock
    /// even to write.
    package func interrupted(at target: Target) -> [Target] {
        let names = interrupts ?? (lock.map(\.holdsUpWriters) ?? false ? [target.resource] : [])
        return names.filter { !$0.isEmpty }.map { Target(environment: target.environment, resource: $0) }
    }

    package enum Action: Codable, Hashable, Sendable {
        /// Statements run one after the other, each as it stands.
        case sql([String])
        /// A child program; never through a shell.
        case program([String])
        /// An operation on files, in words that name every path it touches.
        case files(String)
        /// Nothing is touched: the run goes on once people have said yes, or the time has come.
        case pause(String)

        /// One line per statement or program, as a dry run shows it.
        package var lines: [String] {
            switch self {
            case .sql(let statements): statements
            case .program(let arguments): [arguments.map(\.shellQuoted).joined(separator: " ")]
            case .files(let description), .pause(let description): [description]
            }
        }
    }

    /// What a change reaches; a change of cluster scope is judged by everything that lives in the cluster.
    package enum Scope: String, Codable, CaseIterable, Sendable {
        case resource, cluster
    }

    package struct Estimate: Codable, Hashable, Sendable {
        package var seconds: Double
        package var source: String

        package init(seconds: Double, source: String) {
            self.seconds = seconds
            self.source = source
        }
    }
}

/// PostgreSQL's table-level lock modes, weakest first (manual, 13.3.1 "Table-Level Locks").
package enum LockMode: String, Codable, CaseIterable, Sendable {
    case accessShare = "ACCESS SHARE"
    case rowShare = "ROW SHARE"
    case rowExclusive = "ROW EXCLUSIVE"
    case shareUpdateExclusive = "SHARE UPDATE EXCLUSIVE"
    case share = "SHARE"
    case shareRowExclusive = "SHARE ROW EXCLUSIVE"
    case exclusive = "EXCLUSIVE"
    case accessExclusive = "ACCESS EXCLUSIVE"

    /// Whether those who write have to wait.
    package var holdsUpWriters: Bool {
        switch self {
        case .accessShare, .rowShare, .rowExclusive, .shareUpdateExclusive: false
        case .share, .shareRowExclusive, .exclusive, .accessExclusive: true
        }
    }

    /// What it keeps others from doing.
    package var consequence: String {
        switch self {
        case .accessShare: "blocks only DROP, TRUNCATE and most ALTER TABLE"
        case .rowShare, .rowExclusive: "reads and writes go on"
        case .shareUpdateExclusive: "reads and writes go on; other maintenance of the table waits"
        case .share, .shareRowExclusive: "reads go on; writes wait"
        case .exclusive: "only plain reads go on"
        case .accessExclusive: "everything waits, reads too"
        }
    }
}

extension String {
    /// As a POSIX shell reads it back as one word.
    package var shellQuoted: String {
        let plain =
            !isEmpty
            && utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "-_./=:,@%+".utf8.contains(byte)
                }
            }
        return plain ? self : "'\(replacingBytes(of: "'", with: #"'\''"#))'"
    }
}
