import Foundation
import Maintenance
import MaintenanceTesting
import PostgreSQL
import Testing

/// What would hinder a failover, seen on a real primary and a standby that streams from it.
@Suite("a live pair before a failover", .temporaryDirectory, .cluster, .timeLimit(.minutes(3)))
struct LivePairTests {
    private let program = Program()

    private func hindrances() async throws -> String {
        let looked = try await program.run(
            "dr", "test-failover", "--primary=production", "--secondary=dr-environment", "--dry-run")
        return "\(looked.output)\(looked.errors)"
    }

    private func run(_ script: String, on cluster: PrivateCluster) async throws {
        try await Connection.with(cluster.address(), .unlimited()) { try await $0.executeScript(trusted: script) }
    }

    @Test("one that streams is told from one that lags by order, has an unused slot, or lost its primary")
    func looksAtBoth() async throws {
        try await withPrimary { primary in
            try await withStandby(of: primary) { standby in
                try program.configure(
                    """
                    environments:
                      production:
                        resources:
                          main: { kind: postgresql, connection: "host=\(primary.socketDirectory) user=postgres dbname=postgres" }
                      dr-environment:
                        resources:
                          main: { kind: postgresql, connection: "host=\(standby.socketDirectory) user=postgres dbname=postgres" }
                    backups:
                      work: "\(TestClusters.directory)"
                    """)
                try await eventually("the standby streams") {
                    try await Connection.with(primary.address(), .unlimited()) {
                        try await !$0.query("select from pg_stat_replication where state = 'streaming'").isEmpty
                    }
                }
                let well = try await hindrances()
                #expect(well.contains("has no slot on the primary") && well.contains("could not be rewound"), "\(well)")
                for wrong in ["is no standby of", "does not stream", "nobody streams", "with a delay"] {
                    #expect(!well.contains(wrong), "\(wrong): \(well)")
                }
                try await run("select pg_create_physical_replication_slot('forgotten', true)", on: primary)
                try await run("alter system set recovery_min_apply_delay = '2h'", on: standby)
                try await run("select pg_reload_conf()", on: standby)
                try await eventually("the standby waits") {
                    try await Connection.with(standby.address(), .unlimited()) {
                        try await $0.query("select current_setting('recovery_min_apply_delay') as delay")
                            .only["delay", as: String.self] == "2h"
                    }
                }
                let delayed = try await hindrances()
                #expect(delayed.contains("nobody uses the slot 'forgotten'"), "\(delayed)")
                #expect(delayed.contains("replays with a delay of"), "\(delayed)")

                try await run("alter system set primary_conninfo = 'host=/nowhere'", on: standby)
                try await run("select pg_reload_conf()", on: standby)
                try await eventually("nobody streams any more") {
                    try await Connection.with(primary.address(), .unlimited()) {
                        try await $0.query("select from pg_stat_replication").isEmpty
                    }
                }
                let alone = try await hindrances()
                #expect(alone.contains("nobody streams from the primary"), "\(alone)")
                #expect(alone.contains("the standby does not stream"), "\(alone)")
            }
        }
    }
}
