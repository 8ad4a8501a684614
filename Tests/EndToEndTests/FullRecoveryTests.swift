import Foundation
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

/// Database, files, services and the application's own test, as one routine that a person starts on the day.
@Suite("a full recovery as a routine", .temporaryDirectory, .cluster, .timeLimit(.minutes(4)))
struct FullRecoveryTests {
    private let estate = StorageEstate()
    private var place: String { estate.program.directory }

    private func prepare() async throws {
        let database = TestDatabase.current
        try await database.run("create table orders as select n as id from generate_series(1, 5000) n")
        try FileManager.default.createDirectory(atPath: "\(place)/app", withIntermediateDirectories: true)
        try Data("a: 1".utf8).write(to: URL(fileURLWithPath: "\(place)/app/settings.yaml"))
        try estate.configure(
            backups: """
                  files:
                    application: { environment: test, directory: "\(place)/app" }
                """)
        let url = database.address.url.reveal()
        let routine = """
            routines:
              full-recovery:
                description: everything back from the backups, in the order in which it is needed
                steps:
                  - { name: stop, shell: 'echo stopped >> log', directory: "\(place)", effect: maintains, on-failure: stop }
                  - { name: database, task: backup restore --to environment --terminate-connections, on-failure: stop }
                  - { name: files, task: 'backup restore-files --name application --into \(place)/restored', on-failure: stop }
                  - { name: start, shell: 'echo started >> log', directory: "\(place)", effect: maintains, needs: [database, files] }
                  - { name: test, shell: 'test "$(psql "$URL" -Atc "select count(*) from orders")" = 5000 && grep -q "a: 1" restored/settings.yaml', directory: "\(place)", effect: observes, needs: [start], variables: { URL: "file:\(place)/url" } }
                  - { task: health check --check database.connectivity, needs: [test] }
            """
        try Data(url.utf8).write(to: URL(fileURLWithPath: "\(place)/url"))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: "\(place)/url")
        let path = "\(place)/mainstay.yaml"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try "\(text)\n\(routine)\n".write(toFile: path, atomically: true, encoding: .utf8)
        #expect(try await estate.run("backup", "run", "--prove").exitCode == 0)
        #expect(try await estate.run("backup", "files").exitCode == 0)
    }

    private func log() -> String {
        // Nothing was written where there is no file.
        (try? String(contentsOfFile: "\(place)/log", encoding: .utf8)) ?? ""
    }

    @Test("everything comes back in its order, and the application's test says so")
    func comesBack() async throws {
        try await prepare()
        try await TestDatabase.current.run("drop table orders")
        try FileManager.default.removeItem(atPath: "\(place)/app")
        let planned = try await estate.run("plan", "full-recovery")
        #expect(planned.exitCode == 0, "\(planned.errors)\(planned.output)")
        #expect(log().isEmpty)
        let run = try await estate.run("run", "full-recovery", "--yes")
        #expect(run.exitCode == 0, "\(run.errors)\(run.output)")
        #expect(log() == "stopped\nstarted\n")
        let kept = try await TestDatabase.current.connect { connection in
            try await connection.query("select count(*) as n from orders").only["n", as: Int64.self]
        }
        #expect(kept == 5_000)
    }

    @Test("where the backup is damaged nothing is started again, and the database stays as it was")
    func stops() async throws {
        try await prepare()
        let backup = try #require(try estate.backups().first)
        let damage = try await estate.program.shell(
            "f=$(ls '\(estate.folder)/\(backup)/database/'*.dat.zst | head -1); printf x | dd of=\"$f\" bs=1 seek=20 conv=notrunc"
        )
        #expect(damage.exitCode == 0, "\(damage.errors)")
        try await TestDatabase.current.run("delete from orders where id > 10")
        let run = try await estate.run("run", "full-recovery", "--yes")
        #expect(run.exitCode != 0)
        #expect(log() == "stopped\n", "\(run.output)")
        #expect(!FileManager.default.fileExists(atPath: "\(place)/restored"))
        let kept = try await TestDatabase.current.connect { connection in
            try await connection.query("select count(*) as n from orders").only["n", as: Int64.self]
        }
        #expect(kept == 10)
    }
}
