import Maintenance
import Monitor
import Outside
import Store

/// A check that stands differently than before.
package struct MonitorTransition: Hashable, Sendable {
    package var check: String
    package var target: Target
    package var from: CheckOutcome.State
    package var to: CheckOutcome.State
    package var summary: String
}

extension RunLog {
    /// Nil while another living process asks all the time.
    package func leadMonitoring() throws -> LockFile? {
        try StateLocks(stateDirectory: directory).monitoring()
    }

    /// Every check that is asked all the time, as it stood when it was last asked.
    package func monitored() async throws -> [MonitoredCheck] {
        try await store.read { try $0.rows(MonitorStatement.all).map(MonitoredCheck.init) }
    }

    /// The lives as they were left.
    package func monitorBook() async throws -> MonitorBook {
        try await store.read { reader in
            var book = MonitorBook()
            for row in try reader.rows(MonitorStatement.all) {
                let target = Target(environment: try row.get("environment"), resource: try row.get("resource"))
                // A life that an older Mainstay wrote otherwise begins anew.
                let life = CheckLife(text: try row.get("life")) ?? CheckLife()
                book.restore(
                    MonitorBook.Key(target: target, check: try row.get("name")),
                    MonitorBook.Entry(life: life, at: try row.get("seen_at"), code: try row.get("code")))
            }
            return book
        }
    }

    /// Takes rounds in, in their order, and writes down how the checks stand after them and what is open, in one
    /// transaction. Where that fails the book is as before.
    package func take(_ rounds: [MonitorRound], into book: inout MonitorBook) async throws -> [MonitorTransition] {
        guard let began = rounds.map(\.began).min(), let ended = rounds.map(\.at).max() else { return [] }
        let isBad = rounds.contains { $0.answer.outcome.state != .passed }
        let work = isBad ? try await plannedWork(from: began, until: ended) : []
        var next = book
        let taken = rounds.map { round in
            let isPlanned = work.contains { work in
                work.target == round.answer.outcome.target && work.began <= round.at
                    && work.ended.map { $0 >= round.began } ?? true
            }
            return next.take(round, isPlanned: isPlanned)
        }
        let now = clock.now()
        try await store.write { try write(taken, at: now, in: $0) }
        book = next
        if taken.contains(where: { $0.before != nil }) { wake.ring() }
        return taken.compactMap { taken in
            guard let before = taken.before else { return nil }
            let outcome = taken.round.answer.outcome
            return MonitorTransition(
                check: outcome.check, target: outcome.target, from: before, to: taken.life.standing,
                summary: outcome.summary)
        }
    }

    /// Checks that are not asked any more: what they had found is not watched any more, and over.
    package func forget(notIn asked: Set<MonitorSubject>, from book: inout MonitorBook) async throws {
        let gone = book.entries.filter { !asked.contains(MonitorSubject(check: $0.key.check, target: $0.key.target)) }
        guard !gone.isEmpty else { return }
        let now = clock.now()
        try await store.write { writer in
            let open = try OpenFindings(writer.reader)
            for (key, entry) in gone {
                try writer.run(
                    MonitorStatement.forget,
                    ["environment": key.target.environment, "resource": key.target.resource, "name": key.check])
                let blind = MonitorFinding.blind.finding(key.target, key.check, "").fingerprint
                for fingerprint in open.fingerprints(entry.code, key.target) + [blind] {
                    try writer.run(FindingStatement.resolveFinding, ["fingerprint": fingerprint, "at": now])
                }
            }
        }
        for key in gone.keys { book.forget(key) }
    }

    private func write(_ all: [MonitorBook.Taken], at now: Timestamp, in writer: StoreWriter) throws {
        try keep(all, in: writer)
        let open = try OpenFindings(writer.reader)
        for taken in all {
            try put(taken, in: writer)
            if let publication = taken.publication { try publish(publication, taken, open, at: now, in: writer) }
            try publishBlindness(taken, open, at: now, in: writer)
        }
    }

    private func put(_ taken: MonitorBook.Taken, in writer: StoreWriter) throws {
        let round = taken.round
        let outcome = round.answer.outcome
        try writer.run(
            MonitorStatement.put,
            [
                "environment": outcome.target.environment, "resource": outcome.target.resource, "name": outcome.check,
                "code": outcome.code, "title": outcome.title, "standing": taken.life.standing,
                "phase": taken.life.phase, "since": taken.life.since ?? round.at, "seen": outcome.state,
                "seen_at": round.at, "counts_until": round.countsUntil, "value": outcome.value,
                "unit": outcome.unit, "summary": outcome.summary, "seconds": outcome.seconds,
                "is_planned": taken.isPlanned, "life": taken.life.text,
            ])
    }

    /// Only what differs is written: a finding that is open as it is stays untouched until what was said about it is old.
    private func publish(
        _ publication: Publication, _ taken: MonitorBook.Taken, _ open: OpenFindings, at now: Timestamp,
        in writer: StoreWriter
    ) throws {
        let outcome = taken.round.answer.outcome
        for finding in publication.open {
            if let known = open[finding.fingerprint], known.severity == finding.severity,
                now - known.lastSeen < OpenFindings.fresh
            {
                continue
            }
            try put(finding, task: Self.monitoringTask, runID: "", at: now, in: writer)
        }
        guard publication.endsOthers else { return }
        let still = Set(publication.open.map(\.fingerprint))
        for fingerprint in open.fingerprints(outcome.code, outcome.target) where !still.contains(fingerprint) {
            try writer.run(FindingStatement.resolveFinding, ["fingerprint": fingerprint, "at": now])
        }
    }

    private func publishBlindness(
        _ taken: MonitorBook.Taken, _ open: OpenFindings, at now: Timestamp, in writer: StoreWriter
    ) throws {
        let outcome = taken.round.answer.outcome
        let finding = MonitorFinding.blind.finding(
            outcome.target, outcome.check, "'\(outcome.check)' cannot be answered: \(outcome.summary)",
            mend: "mainstay health check --environment \(outcome.target.environment) --check \(outcome.check)")
        let isOpen = open[finding.fingerprint].map { now - $0.lastSeen < OpenFindings.fresh }
        if taken.life.phase == .blind, taken.round.answer.isAsked, !(isOpen ?? false) {
            try put(finding, task: Self.monitoringTask, runID: "", at: now, in: writer)
        } else if taken.life.phase != .blind, isOpen != nil {
            try writer.run(FindingStatement.resolveFinding, ["fingerprint": finding.fingerprint, "at": now])
        }
    }

    /// The task that finds the same when it is run by hand.
    private static let monitoringTask = "health.check"
}

/// One check at one target.
package struct MonitorSubject: Hashable, Sendable {
    package var check: String
    package var target: Target

    package init(check: String, target: Target) {
        self.check = check
        self.target = target
    }
}

/// What is open, as far as it takes to see what differs.
private struct OpenFindings {
    /// What was said about a finding stays as it is for so long.
    static let fresh: Duration = .seconds(300)

    struct Known {
        var severity: Severity
        var lastSeen: Timestamp
    }

    private struct Place: Hashable {
        var code: String
        var target: Target
    }

    private var known: [String: Known] = [:]
    private var places: [Place: [String]] = [:]

    init(_ reader: StoreReader) throws {
        for row in try reader.rows(MonitorStatement.openFindings) {
            let fingerprint: String = try row.get("fingerprint")
            let target = Target(environment: try row.get("environment"), resource: try row.get("resource"))
            known[fingerprint] = Known(severity: try row.get("severity"), lastSeen: try row.get("last_seen"))
            places[Place(code: try row.get("code"), target: target), default: []].append(fingerprint)
        }
    }

    subscript(fingerprint: String) -> Known? { known[fingerprint] }

    func fingerprints(_ code: String, _ target: Target) -> [String] {
        places[Place(code: code, target: target)] ?? []
    }
}
