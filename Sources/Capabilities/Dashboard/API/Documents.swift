import Alert
import Backup
import Calendar
import Command
import Engine
import Maintenance
import Outside
import Page
import Settings

/// One page of a list.
struct PageDocument<Item: Codable & Sendable>: Codable, Sendable {
    var items: [Item]
    /// What to send as `cursor` for the next page; missing on the last.
    var next: String?
}

struct EnvironmentDocument: Codable, Sendable {
    var name: String
    var isProtected: Bool
    /// `good`, `notice`, `warning`, `critical`, `unknown`.
    var standing: String
    var reason: String
    var healthPercent: Double?
    /// The run that figure came from.
    var run: String?
    var checkedAt: Timestamp?
    var findings: [String: Int]
    var resources: [ResourceDocument]

    init(_ look: EnvironmentLook, _ environment: Environment) {
        name = look.name
        isProtected = look.isProtected
        standing = look.standing.rawValue
        reason = look.reason
        healthPercent = look.score.percentage?.value
        run = look.step?.runID
        checkedAt = look.step?.endedAt
        findings = Dictionary(grouping: look.findings) { $0.finding.severity.rawValue }.mapValues(\.count)
        resources = environment.resources.map { ResourceDocument(environment: environment.name, $0) }
    }
}

struct ResourceDocument: Codable, Sendable {
    var environment: String
    var name: String
    var kind: ResourceKind

    init(environment: String, _ resource: Resource) {
        self.environment = environment
        name = resource.name
        kind = resource.kind
    }
}

struct TaskDocument: Codable, Sendable {
    var name, command, summary, explanation: String
    var effect: Effect
    var version: Int
    /// JSON Schema of `options`.
    var options: JSONValue
    /// Options that name files of the server, which are not offered.
    var withheld: [String]

    init(_ task: TaskInterface) {
        let declaration = task.declaration
        name = declaration.name
        command = declaration.command
        summary = declaration.summary
        explanation = declaration.explanation
        effect = declaration.effect
        version = declaration.version
        options = task.schema
        withheld = task.withheld
    }
}

/// A run, with its steps and changes where one is asked for.
struct RunDetail: Codable, Sendable {
    var run: RunRecord
    var steps: [StepDocument]
    var changes: [ChangeRecord]
    /// What `plan` takes; missing where nothing was planned.
    var planDigest: String?
}

struct StepDocument: Codable, Sendable {
    var number: Int
    var task, title: String
    var arguments: [String]
    var target: Target
    var state: StepState
    var startedAt: Timestamp?
    var endedAt: Timestamp?
    var plan: Plan?
    var error: ErrorReport?
    var findings: [Finding]
    var checks: [CheckOutcome]
    var gaps: [Observation.Gap]
    var evidence: Facts
    var listings: [Listing]

    init(_ step: StepRecord) {
        number = step.number
        task = step.task
        title = step.title
        arguments = step.arguments
        target = step.target
        state = step.state
        startedAt = step.startedAt
        endedAt = step.endedAt
        plan = step.plan
        error = step.error
        findings = step.observation?.findings ?? []
        checks = step.observation?.checks ?? []
        gaps = step.observation?.gaps ?? []
        evidence = step.observation?.evidence ?? [:]
        listings = step.observation?.listings ?? []
    }
}

/// What was asked for and has not begun, or came to nothing before it did.
struct AcceptedRun: Codable, Sendable {
    enum State: String, Codable, CaseIterable, Sendable { case accepted, refused }

    var id: String
    var state: State
    /// So many come before it.
    var before: Int?
    var error: ErrorReport?

    init(_ id: String, _ standing: RunDesk.Standing) {
        self.id = id
        switch standing {
        case .waits(let before):
            state = .accepted
            self.before = before
        case .runs: state = .accepted
        case .refused(let report):
            state = .refused
            error = report
        }
    }
}

struct FindingDocument: Codable, Sendable {
    var fingerprint: String
    var finding: Finding
    var task: String
    var firstSeen: Timestamp
    var lastSeen: Timestamp
    /// The run that saw it last; empty where none did.
    var run: String

    init(_ record: FindingRecord) {
        fingerprint = record.finding.fingerprint
        finding = record.finding
        task = record.task
        firstSeen = record.firstSeen
        lastSeen = record.lastSeen
        run = record.runID
    }
}

struct AlertDocument: Codable, Sendable {
    var fingerprint: String
    var state: AlertRecord.State
    var labels: Labels
    var annotations: [String: String]
    var since: Timestamp
    var firedAt: Timestamp?
    var acknowledgement: AlertRecord.Acknowledgement?
    var silencedBy: [String]

    init(_ alert: AlertRecord, _ silences: some Sequence<Silence>, at now: Timestamp) {
        fingerprint = alert.fingerprint
        state = alert.state
        labels = alert.labels
        annotations = alert.annotations
        since = alert.since
        firedAt = alert.firedAt
        acknowledgement = alert.isAcknowledged(at: now) ? alert.acknowledgement : nil
        silencedBy = silences.filter { $0.isActive(at: now) && $0.covers(alert.labels) }.map(\.id).sorted()
    }
}

struct SilenceDocument: Codable, Sendable {
    var id: String
    var matchers: [String]
    var starts, ends: Timestamp
    var author, comment: String

    init(_ silence: Silence) {
        id = silence.id
        matchers = silence.matchers.map(\.description)
        starts = silence.starts
        ends = silence.ends
        author = silence.author
        comment = silence.comment
    }
}

struct StartDocument: Codable, Sendable {
    var routine: String
    var at: Timestamp
    var local, schedule: String
    /// Why nothing starts although it is due.
    var note: String?

    init(_ start: Outlook.Start) {
        routine = start.routine
        at = start.at
        local = start.local
        schedule = start.schedule
        note = start.silence
    }
}

struct ChecklistDocument: Codable, Sendable {
    var name, summary: String
    var cadence: Checklist.Cadence
    var items: Int
    var environments: [String]
    var isInUse: Bool
}

struct BackupDocument: Codable, Sendable {
    var environment, resource, id: String
    var snapshot: Timestamp?
    /// As `backup list` calls it: proved, partly, unproven, refuted, expired, none, bad.
    var standing: String
    var countsUntil: Timestamp?
    var rows: Int64?
    var storedBytes: Int64?
    var trouble: ErrorReport?

    init(_ backup: KnownBackup, _ target: Target, at now: Timestamp) {
        environment = target.environment
        resource = target.resource
        id = backup.id.description
        snapshot = backup.manifest?.times.snapshot
        standing = backup.standing(at: now).rawValue
        countsUntil = backup.certificate?.countsUntil
        rows = backup.manifest.map { Int64(clamping: $0.rows) }
        storedBytes = backup.manifest?.storedBytes.bytes
        trouble = backup.trouble
    }
}

struct ReportDocumentEntry: Codable, Sendable {
    var name: String
    var bytes: Int64
    var modifiedAt: Timestamp
}

struct ApprovalDocument: Codable, Sendable {
    var id: String
    var state: Approvals.Standing.State
    /// What is still missing; empty where nothing is.
    var missing: String
    var run: String
    var step: Int
    var askedAt: Timestamp
    var expiresAt: Timestamp
    var requesters: [String]
    var plan: Plan
    var planDigest: String

    init(_ standing: Approvals.Standing) {
        let request = standing.ballot.request
        id = request.id
        state = standing.state
        missing = standing.missing
        run = request.runID
        step = request.step
        askedAt = request.askedAt
        expiresAt = request.expiresAt
        requesters = request.requesters.map(\.name)
        plan = request.plan
        planDigest = request.plan.digest
    }
}
