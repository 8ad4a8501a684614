import Foundation
import Maintenance
import MaintenanceTesting
import PostgreSQL
import Testing

@Suite("dr test with physical backups", .temporaryDirectory, .timeLimit(.minutes(4)))
struct PhysicalDrillTests {
    @Test("a mistake is undone to the commit before it, and a database failure comes back to the end of the log")
    func operatorError() async throws {
        try await PhysicalEstate.with { estate in
            try await estate.sql("create table orders as select generate_series(1, 2000) as id")
            let program = Program()
            try program.configure(
                """
                environments:
                  test:
                    resources:
                      main:
                        kind: postgresql
                        connection: "host=\(estate.cluster.socketDirectory) user=postgres dbname=postgres"
                        backups:
                          physical: { stanza: shop, configuration: \(estate.configuration) }
                          assertions: {all: {holds: "select count(*) = 2100 from orders"}}
                backups:
                  work: \(estate.work)
                """)
            #expect(try await program.run("backup", "run", "--type", "full").exitCode == 0)
            try await estate.sql("insert into orders select generate_series(2001, 2100)")
            let moment = try await estate.connect { connection in
                try await connection.query("select clock_timestamp() as at").only["at", as: Timestamp.self]
            }
            try await estate.sql("delete from orders where id > 10")
            try await estate.archive()
            let undone = try await program.run(
                "dr", "test", "--scenario", "operator-error", "--at", moment.iso8601)
            #expect(undone.exitCode == 0, "\(undone.errors)\(undone.output)")

            let lost = try await program.run("dr", "test", "--scenario", "database-failure")
            #expect(lost.exitCode == 1 && lost.output.contains("assertion all"), "\(lost.errors)\(lost.output)")

            let unreached = try await estate.connect { connection in
                try await connection.query("select clock_timestamp() as at").only["at", as: Timestamp.self]
            }
            let short = try await program.run(
                "dr", "test", "--scenario", "operator-error", "--at", unreached.iso8601)
            #expect(short.exitCode == 1, "\(short.errors)\(short.output)")
            #expect("\(short.errors)\(short.output)".contains("does not reach"), "\(short.errors)\(short.output)")
        }
    }

    @Test("work lost is counted from where the recovery ended, where the archive lacks its newest log")
    func lostTail() async throws {
        try await PhysicalEstate.with { estate in
            let program = Program()
            try program.configure(
                """
                environments:
                  test:
                    resources:
                      main:
                        kind: postgresql
                        connection: "host=\(estate.cluster.socketDirectory) user=postgres dbname=postgres"
                        backups:
                          physical: { stanza: shop, configuration: \(estate.configuration) }
                backups:
                  work: \(estate.work)
                """)
            #expect(try await program.run("backup", "run", "--type", "full").exitCode == 0)
            for round in 1...4 {
                try await estate.sql("create table t\(round) as select generate_series(1, 100) as n")
                try await estate.archive()
            }
            let well = try await program.run("dr", "test", "--scenario", "database-failure")
            #expect(well.exitCode == 0, "\(well.errors)\(well.output)")
            let first = try notes(program)
            #expect(first.count == 1 && first[0].contains("not archived yet"), "\(first)")
            let segments = "\(estate.repository)/archive/shop/15-1/0000000100000000"
            let names = try FileManager.default.contentsOfDirectory(atPath: segments).filter { $0.contains("-") }
            for name in names.sorted().suffix(3) {
                try FileManager.default.removeItem(atPath: "\(segments)/\(name)")
            }
            _ = try await program.run("dr", "test", "--scenario", "database-failure")
            let later = try notes(program).filter { !first.contains($0) }
            #expect(later.count == 1 && later[0].contains("the server says that it archived"), "\(later)")
        }
    }

    /// How the certificates of all drills say what would be lost.
    private func notes(_ program: Program) throws -> [String] {
        struct Certificate: Decodable {
            struct Measured: Decodable { var lossNote: String? }
            var measured: Measured
        }
        let folder = "\(program.directory)/state/backups/test/main/drills"
        return try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".certificate.json") }
            .compactMap { name in
                let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)"))
                return try JSONDecoder().decode(Certificate.self, from: data).measured.lossNote
            }
    }
}
