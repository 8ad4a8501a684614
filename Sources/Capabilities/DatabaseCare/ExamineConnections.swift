import ArgumentParser
import Command
import Engine
import Maintenance
import Outside
import PostgreSQL

/// Who is connected, since when, doing what; and whether the application's pool fits its use.
package struct ExamineConnections: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @Option(help: ArgumentHelp("How many lines each listing has at most.", valueName: "count"))
        package var most = 20

        @Option(help: ArgumentHelp("How far back recorded use counts.", valueName: "duration"))
        package var since: Duration = .seconds(30 * 86_400)

        @Flag(help: "Propose what a PgBouncer in front of the database should be set to.")
        package var autoSize = false

        package init() {}

        package func validate() throws {
            guard (1...10_000).contains(most) else { throw ValidationError("'--most' is between 1 and 10,000") }
            guard since > .zero else { throw ValidationError("'--since' is longer than nothing") }
        }
    }

    package static let declaration = TaskDeclaration(
        name: "db.connections",
        summary: "show who is connected and whether the pool fits its use",
        explanation: """
            Lists the sessions of the cluster by state, user, database, application and client address, with the oldest \
            ones and those that hold a transaction open without working, and compares them with the limits of the cluster, \
            the database and the roles. For this database it records how many sessions are open and how many are busy \
            (working, or inside a transaction), and advises on the size of the application's pool from the highest number \
            that was ever busy at once. Each run is one look, so the advice says how many looks it rests on, and with \
            fewer than 20 over a day there is none. With '--auto-size' it says what a PgBouncer should be set to, line by \
            line, within what the server allows; a pooler's configuration lies elsewhere and is not changed from here. Statement texts are neither shown nor kept, because they may hold \
            personal data.
            """,
        effect: .observes,
        subject: .resources([.postgresql]),
        aliases: [
            .init("db:connections"), .init("optimize:connections"),
            .init("maintenance:weekly:connection-optimization", arguments: ["--auto-size"]),
        ])

    private let options: Options

    package init(_ options: Options) { self.options = options }

    package func survey(_ look: Look) async throws -> Observation {
        let session = try await look.database()
        let sessions = try await ServerSessions.read(session, .cluster)
        let limits = try await ConnectionLimit.all(session)
        let here = try await session.query("select pg_catalog.current_database() as name").only["name", as: String.self]
        let clients = sessions.visible.filter(\.isClient)
        let own = clients.filter { !$0.isOurs && $0.database.hasSameBytes(as: here) }
        let use = PoolUse(open: own.count, busy: own.count { $0.isBusy })

        var observation = Observation()
        observation.examined = ["DB010", "DB011"]
        if let hidden = sessions.hidden {
            observation.gaps = [Observation.Gap("sessions of other roles", hidden)]
            observation.examined = []
        }
        observation.listings = SessionListings(clients, most: options.most).all + [ConnectionLimit.listing(limits)]
        observation.findings = limits.compactMap { $0.finding(at: look.target) }

        let history = try await PoolHistory.read(look, since: look.clock.now() - options.since)
        let advice = PoolAdvice(now: use, history: history)
        if options.autoSize {
            let proposal = PoolProposal(advice, serverLimit: try await Self.room(session))
            observation.listings.append(proposal.listing)
            observation.evidence["pool proposal"] = .text(proposal.text)
        }
        observation.evidence.merge([
            "clients": Scalar(clients.count), "open here": Scalar(use.open), "busy here": Scalar(use.busy),
            "pool advice": .text(advice.text),
        ]) { _, new in new }
        if sessions.hidden == nil {
            // A part of the sessions is no sample of all of them.
            observation.measurements = use.measurements(at: look.target)
            if let finding = advice.finding(at: look.target) { observation.findings.append(finding) }
        }
        return observation
    }

    /// Sessions that those who are no superusers may have in the whole cluster.
    private static func room(_ session: SurveySession) async throws -> Int {
        try await session.query(
            """
            select pg_catalog.current_setting('max_connections')::int
                - pg_catalog.current_setting('superuser_reserved_connections')::int
                - coalesce(pg_catalog.current_setting('reserved_connections', true)::int, 0) as room
            """
        ).only["room"]
    }
}

extension ServerSession {
    /// Whether it needs its connection at this moment.
    var isBusy: Bool { isClient && state != "idle" }
}
