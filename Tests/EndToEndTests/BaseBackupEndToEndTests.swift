import Foundation
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

@Suite("base backups from the command line", .temporaryDirectory, .timeLimit(.minutes(4)))
struct BaseBackupEndToEndTests {
    private let program = Program()
    private var shelf: String { "\(program.directory)/state/backups/test/main/physical/base" }

    private func configure(_ estate: PhysicalEstate, _ more: String = "") throws {
        try program.configure(
            """
            environments:
              test:
                resources:
                  main:
                    kind: postgresql
                    connection: "host=\(estate.cluster.socketDirectory) user=postgres dbname=postgres"
            backups:
              work: \(estate.work)
              physical: { engine: basebackup }
              \(more)
            """)
    }

    private func health(_ name: String) async throws -> Program.Result {
        try await program.run("health", "check", "--check", name)
    }

    @Test("one is planned, taken, proved, listed, shown and reported; damage refutes it; the policy removes old ones")
    func whole() async throws {
        try await PhysicalEstate.with { estate in
            try await estate.fill()
            try configure(estate)
            #expect(try await health("backup.physical").output.contains("no base backup was taken yet"))
            let planned = try await program.run("backup", "run", "--type", "full", "--dry-run")
            #expect(planned.exitCode == 0, "\(planned.output)\(planned.errors)")
            #expect(planned.output.contains("--manifest-checksums=SHA256"), "\(planned.output)")
            let differential = try await program.run("backup", "run", "--type", "differential")
            #expect(
                "\(differential.output)\(differential.errors)".contains("pg_basebackup takes no differential backups"))
            let incremental = try await program.run("backup", "run", "--type", "incremental")
            #expect("\(incremental.output)\(incremental.errors)".contains("PostgreSQL 15 takes no incremental"))

            let taken = try await program.run("backup", "run", "--type", "full", "--prove")
            #expect(taken.exitCode == 0, "\(taken.output)\(taken.errors)")
            let label = try #require(try FileManager.default.contentsOfDirectory(atPath: shelf).first)
            let listed = try await program.run("backup", "list", "--format", "csv")
            #expect(listed.output.contains("\(label),"), "\(listed.output)")
            #expect(listed.output.contains("proved, 5 of 8"), "\(listed.output)")
            let shown = try await program.run("backup", "show", label)
            #expect(shown.exitCode == 0 && shown.output.contains("pg_verifybackup read every file"), "\(shown.output)")
            for check in ["backup.physical", "backup.wal", "recovery.drill"] {
                let found = try await health(check)
                #expect(found.exitCode == 0, "\(check): \(found.output)\(found.errors)")
            }
            let page = "\(program.directory)/report.md"
            let report = try await program.run("report", "backup", "--as", "markdown", "--output", page)
            #expect(report.exitCode == 0, "\(report.errors)\(report.output)")
            #expect(try String(contentsOfFile: page, encoding: .utf8).contains(label))

            let drill = try await program.run("recovery", "pitr-test")
            let extracted = try await program.run("backup", "extract", "--as-of", "2020-01-01T00:00:00Z")
            for refused in [drill, extracted] {
                #expect(refused.exitCode != 0)
                #expect("\(refused.output)\(refused.errors)".contains("base backups keep none"), "\(refused.errors)")
            }

            // The older one goes, since the newer one is proved.
            try configure(estate, "keep: { last: 1 }")
            let second = try await program.run("backup", "run", "--type", "full")
            #expect(second.exitCode == 0, "\(second.output)\(second.errors)")
            let held = try await program.run("backup", "prune", "--dry-run")
            #expect(held.output.contains("kept: newest proved"), "\(held.output)")
            #expect(try await program.run("backup", "verify", "--physical").exitCode == 0)
            let pruned = try await program.run("backup", "prune", "--yes")
            #expect(pruned.exitCode == 0, "\(pruned.output)\(pruned.errors)")
            let left = try FileManager.default.contentsOfDirectory(atPath: shelf)
            #expect(left.count == 1 && left != [label], "\(left)")

            let newest = try #require(left.first)
            let file = "\(shelf)/\(newest)/data/\(try await estate.path(of: "orders"))"
            var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
            bytes[5_000] ^= 1
            try Data(bytes).write(to: URL(fileURLWithPath: file))
            let refuted = try await program.run("backup", "verify", "--backup", newest)
            #expect(refuted.exitCode == 1)
            #expect("\(refuted.output)\(refuted.errors)".contains("checksum mismatch"), "\(refuted.errors)")
            #expect(try await program.run("backup", "list").output.contains("refuted, 1 of 8"))
        }
    }
}
