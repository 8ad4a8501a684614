import Foundation
import Maintenance
import PostgreSQL

/// Asks a database all lints at once: one statement for each topic, whose sets the server reads once for all lints.
///
/// The cost grows with the catalogue and not with the number of lints times objects; nothing of a relation itself is
/// opened, so that no lock is waited for. Where a statement fails, its lints are asked one by one, so that one that this
/// server or role does not let through takes no other with it.
struct Doctor: Sendable {
    var lints: [Lint]
    var limits = LintLimits()
    /// Objects that are named of each lint at most; all are counted.
    var most = 100

    struct Answer: Sendable {
        var lint: Lint
        /// The largest first.
        var hits: [LintHit]
        /// All that were found, named or not.
        var total: Int
    }

    struct Examination: Sendable {
        /// In the order of triage; lints without hits too.
        var answers: [Answer] = []
        var gaps: [Observation.Gap] = []
        /// Lints that this server has nothing for: a standby's counters, an extension that is not there.
        var passedOver: [Lint] = []
    }

    func examine(_ plain: SurveySession, now: Timestamp) async throws -> Examination {
        let session = plain.with(settings: Self.settings)
        let place = try await LintPlace.read(session)
        var examination = Examination()
        var able = lints
        for sight in Lint.Sight.allCases {
            guard let blindness = place.blind[sight] else { continue }
            let blind = able.filter { $0.sight == sight }
            guard !blind.isEmpty else { continue }
            examination.gaps.append(Observation.Gap(Self.subject(blind), blindness))
            able.removeAll { $0.sight == sight }
        }
        if place.isInRecovery {
            examination.passedOver += able.filter(\.isOfPrimary)
            able.removeAll(where: \.isOfPrimary)
        }
        for topic in LintTopic.allCases {
            let asked = able.filter { $0.topic == topic }
            guard !asked.isEmpty else { continue }
            guard let sets = topic.sets(at: place) else {
                examination.passedOver += asked
                continue
            }
            try await ask(asked, with: sets, session, into: &examination)
        }
        try await judgeSettings(able, session, now, into: &examination)
        examination.answers.sort { ($0.lint.priority, $0.lint.code) < ($1.lint.priority, $1.lint.code) }
        return examination
    }

    /// The lints name what is the system's without its schema, and must not find somebody else's. The planner knows
    /// nothing of how many rows a set of a topic has, and with nested loops over two of them the cost would grow with the
    /// square of the catalogue.
    private static let settings = [
        "search_path": "", "jit": "off", "enable_nestloop": "off", "work_mem": "32MB",
    ]

    /// What is judged by our own earlier looks is looked at whole, and cut afterwards.
    private static let all = 100_000

    private func ask(
        _ asked: [Lint], with sets: SQL, _ session: SurveySession, into examination: inout Examination
    ) async throws {
        do {
            examination.answers += try await answers(asked, with: sets, session)
        } catch {
            let report = ErrorReport(error)
            guard report.exitStatus != .unreachable, report.exitStatus != .interrupted else { throw error }
            guard asked.count > 1 else {
                examination.gaps.append(Observation.Gap(Self.subject(asked), error))
                return
            }
            for lint in asked { try await ask([lint], with: sets, session, into: &examination) }
        }
    }

    private func answers(_ asked: [Lint], with sets: SQL, _ session: SurveySession) async throws -> [Answer] {
        let branches: [SQL] = asked.compactMap { lint in
            guard case .query(_, let find) = lint.probe else { return nil }
            return """
                (select \(lint.code)::text as code, to_jsonb(h)::text as hit, count(*) over () as total
                from (\(find(limits))) h
                order by (to_jsonb(h) ->> 'bytes')::numeric desc nulls last,
                    (to_jsonb(h) ->> 'value')::numeric desc nulls last,
                    to_jsonb(h) ->> 'schema' collate "C", to_jsonb(h) ->> 'name' collate "C",
                    to_jsonb(h) ->> 'part' collate "C"
                limit \(lint.code == Lint.unusedIndex.code ? Self.all : most)::bigint)
                """
        }
        let statement: SQL = "with \(sets) \(branches.joined(separator: " union all "))"
        var answers = Dictionary(uniqueKeysWithValues: asked.map { ($0.code, Answer(lint: $0, hits: [], total: 0)) })
        let decoder = JSONDecoder()
        for row in try await session.query(SurveySQL(statement)) {
            let code: String = try row["code"]
            let text: String = try row["hit"]
            answers[code]?.hits.append(try decoder.decode(LintHit.self, from: Data(text.utf8)))
            answers[code]?.total = try row["total"]
        }
        return asked.compactMap { answers[$0.code] }
    }

    private func judgeSettings(
        _ able: [Lint], _ session: SurveySession, _ now: Timestamp, into examination: inout Examination
    ) async throws {
        guard able.contains(where: { $0.topic == nil }) else { return }
        let state = try await ServerState.read(session, now: now)
        for lint in able {
            guard case .settings(let judge) = lint.probe else { continue }
            let hits = judge(state)
            examination.answers.append(Answer(lint: lint, hits: hits, total: hits.count))
        }
    }

    /// `DB108, DB109 and 3 more`.
    private static func subject(_ lints: [Lint]) -> String {
        let codes = lints.map(\.code).sorted()
        let named = codes.prefix(3).joined(separator: ", ")
        return codes.count > 3 ? "\(named) and \(codes.count - 3) more" : named
    }
}

extension Lint {
    /// Nil for one about settings.
    var topic: LintTopic? {
        guard case .query(let topic, _) = probe else { return nil }
        return topic
    }
}
