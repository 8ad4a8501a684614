import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

@testable import Backup

/// A whole failover among private servers.
@Suite("rehearsal of a failover", .temporaryDirectory, .cluster, .timeLimit(.minutes(5)))
struct FailoverTests {
    @Test(
        "commits are counted, the standby takes over, and the old primary follows it and is equal",
        arguments: [(TestServer.v15, false), (.v15, true), (.v16, false), (.v18, true)])
    func failsOver(version: TestServer, isSynchronous: Bool) async throws {
        try await TestDatabase.with(version) { database in
            try await database.run(
                """
                create table orders as select n as id, md5(n::text) as h from generate_series(1, 5000) n;
                create table empty (id int primary key);
                """)
            let shelf = Shelf(database: database)
            let id = try await shelf.take().id
            var rehearsal = FailoverRehearsal(
                shelf.folder, key: key, workDirectory: TestClusters.directory, programs: programs)
            rehearsal.isSynchronous = isSynchronous
            rehearsal.span = .milliseconds(800)
            rehearsal.serverDirectories = [database.cluster.server.directory]
            let result = try await rehearsal.run(id)
            let outcome = try #require(result.outcome, "\(result.part.problems)")
            #expect(outcome.server == "PostgreSQL \(database.cluster.server.version)")
            #expect(outcome.isSynchronous == isSynchronous)
            #expect(outcome.acknowledged > 10)
            if isSynchronous { #expect(outcome.lost == 0, "a synchronous standby has every acknowledged commit") }
            #expect(outcome.lost == 0 || outcome.lostSeconds > 0)
            #expect(outcome.downtimeSeconds > 0 && outcome.downtimeSeconds >= outcome.promotionSeconds)
            #expect(outcome.newTimeline == outcome.oldTimeline + 1)
            #expect(outcome.differences == [])
            #expect(result.part.standing == .proved)
            #expect(result.part.phases.map(\.name).contains("pg_rewind"))
        }
    }
}
