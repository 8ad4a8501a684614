import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

@testable import Backup

@Suite("the pause of a standby", .cluster, .temporaryDirectory, .timeLimit(.minutes(4)))
struct PauseTests {
    private func note() throws -> PauseNote {
        try PauseNote(
            BackupFolder(
                root: "\(TemporaryDirectory.current)/backups", target: Target(environment: "test", resource: "main")))
    }

    private func reading(_ address: DatabaseAddress) throws -> StandbyReading {
        var reading = StandbyReading(address: address, settings: .unlimited(), jobs: 1, clock: .system)
        reading.note = try note()
        return reading
    }

    private func state(_ address: DatabaseAddress) async throws -> ReplayState {
        try await Connection.with(address, .unlimited()) { try await ReplayState.read($0) }
    }

    /// Pauses it as anybody may; what a proof would have noted.
    private func pause(_ address: DatabaseAddress) async throws -> Paused {
        try await Connection.with(address, .unlimited()) { connection in
            _ = try await connection.execute("select pg_wal_replay_pause()")
        }
        try await eventually("it is paused") { try await state(address).state == "paused" }
        let found = try await state(address)
        return Paused(
            standby: "\(address)", place: address.place, system: found.system, position: found.position, since: nil)
    }

    private func resume(_ address: DatabaseAddress) async throws {
        try await Connection.with(address, .unlimited()) { connection in
            _ = try await connection.execute("select pg_wal_replay_resume()")
        }
    }

    @Test("what a killed proof paused goes on, and what a person paused after it stays as it is")
    func whose() async throws {
        try await withPrimary { primary in
            try await withStandby(of: primary) { standby in
                let address = standby.address()
                let reading = try reading(address)
                let note = try note()
                let ours = try await pause(address)
                try await note.set(ours)
                #expect(try await note.abandoned() == ours)
                #expect(try await reading.isStill(ours))
                try await reading.run()
                #expect(try await state(address).state == "not paused")
                #expect(try await note.standing() == nil)

                // Somebody let it go on; it replayed, and somebody paused it again.
                try await note.set(ours)
                #expect(try await !reading.isStill(ours))
                try await Connection.with(primary.address(), .unlimited()) { connection in
                    _ = try await connection.executeScript(trusted: "create table t as select 1 as n")
                }
                try await eventually("the standby has it") {
                    try await Connection.with(address, .unlimited()) { connection in
                        try await !connection.query("select from pg_class where relname = 't'").isEmpty
                    }
                }
                _ = try await pause(address)
                #expect(try await !reading.isStill(ours))
                try await reading.run()
                #expect(try await state(address).state == "paused")
                #expect(try await note.standing() == nil)

                // Of another cluster's server at the same address it says nothing.
                var foreign = try await pause(address)
                foreign.system = "7000000000000000001"
                try await note.set(foreign)
                try await reading.run()
                #expect(try await state(address).state == "paused")
                try await resume(address)
            }
        }
    }

    @Test("a note about another standby is dealt with there, and stays where nobody answers")
    func elsewhere() async throws {
        try await withPrimary { primary in
            try await withStandby(of: primary) { standby in
                let reading = try reading(standby.address())
                let note = try note()
                try await withStandby(of: primary) { other in
                    let address = other.address()
                    let left = try await pause(address)
                    try await note.set(left)
                    try await reading.run()
                    #expect(try await state(address).state == "not paused")
                    #expect(try await note.standing() == nil)

                    // One that was promoted is paused no more.
                    let paused = try await pause(address)
                    try await note.set(paused)
                    try await Connection.with(address, .unlimited()) { connection in
                        _ = try await connection.query("select pg_promote()")
                    }
                    #expect(try await !reading.isStill(paused))
                    await #expect(throws: StandbyError.noStandby(address)) {
                        try await self.reading(address).run()
                    }
                    #expect(try await note.standing() == nil)
                    try await note.set(paused)
                }
                let kept = try await note.standing()
                #expect(kept != nil)
                await #expect {
                    try await reading.run()
                } throws: { error in
                    if case PauseError.unsettled? = error as? PauseError { true } else { false }
                }
                #expect(try await note.standing() == kept)
                #expect(try await state(standby.address()).state == "not paused")
            }
        }
    }

    @Test("what a role may not read is no difference and a gap by name; an unlogged sequence is neither")
    func gaps() async throws {
        try await withPrimary { primary in
            try await Connection.with(primary.address(), .unlimited()) { connection in
                _ = try await connection.executeScript(
                    trusted: """
                        create table parts (id int) partition by list (id);
                        create table parts_1 partition of parts for values in (1);
                        create table parts_2 partition of parts for values in (2);
                        insert into parts values (1), (2);
                        create materialized view sums as select count(*) as n from parts;
                        create unlogged sequence numbers;
                        create role reader login;
                        grant select on parts, parts_1 to reader;
                        """)
            }
            try await withStandby(of: primary) { standby in
                let all = try await InstantContent.read(standby.address(), connections: 1)
                let part = try await InstantContent.read(standby.address().with(user: "reader"), connections: 1)
                #expect(all.gaps(in: "postgres") == [])
                #expect(part.differences(of: all, in: "postgres") == [])
                let gaps = part.gaps(in: "postgres")
                #expect(gaps.contains { $0.hasPrefix("public.parts_2 ") }, "\(gaps)")
                #expect(gaps.contains { $0.hasPrefix("public.sums ") }, "\(gaps)")
                #expect(!gaps.contains { $0.contains("numbers") }, "\(gaps)")
                // What differs is still found.
                var other = all
                other.rows = DatabaseDigest(
                    tables: all.rows.tables.filter { $0.name.name != "sums" }, uncovered: all.rows.uncovered)
                #expect(all.differences(of: other, in: "postgres").count == 1)
            }
        }
    }
}
