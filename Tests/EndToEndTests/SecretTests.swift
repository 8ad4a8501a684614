import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

/// Plants secrets wherever a configuration may hold them, makes everything happen that talks, and searches all that was
/// written.
@Suite("secrets", .temporaryDirectory)
struct SecretTests {
    private let program = Program()
    private let right = "s3cr3t-Right/Pass word"
    private let wrong = "s3cr3t-Wrong%Pass"

    @Test("no secret is in any output, log, report, error, store or argument")
    func nothingLeaks() async throws {
        let port = 20_000 + Int.random(in: 0..<20_000)
        let programs = Programs(environment: ["PATH": "/usr/bin:/bin"])
        let cluster = try await PrivateCluster.start(
            try await ServerPrograms.find(major: 15, with: programs),
            ClusterOptions(listening: .loopback(port: port, password: Secret(right))),
            in: "\(TestClusters.directory)-secrets", with: programs)
        do {
            try await leakNothing(port)
            try await cluster.stop(.immediate)
        } catch {
            try await cluster.stop(.immediate)
            throw error
        }
        try cluster.destroy()
    }

    private func leakNothing(_ port: Int) async throws {
        try right.write(toFile: "\(program.directory)/password", atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: "\(program.directory)/password")
        let escaped = right.replacing("/", with: "%2F").replacing(" ", with: "%20")
        try program.configure(
            """
            environments:
              url:
                resources:
                  main: {kind: postgresql, url: "postgresql://postgres:\(escaped)@127.0.0.1:\(port)/postgres"}
              keywords:
                resources:
                  main: {kind: postgresql, connection: "host=127.0.0.1 port=\(port) user=postgres dbname=postgres password='\(right)'"}
              file:
                resources:
                  main: {kind: postgresql, url: "postgresql://postgres@127.0.0.1:\(port)/postgres", password: "file:\(program.directory)/password"}
              variable:
                resources:
                  main: {kind: postgresql, url: "postgresql://postgres@127.0.0.1:\(port)/postgres", password: "${DB_PASSWORD}"}
              command:
                resources:
                  main: {kind: postgresql, url: "postgresql://postgres@127.0.0.1:\(port)/postgres", password: "command:cat \(program.directory)/password"}
              wrong:
                resources:
                  main: {kind: postgresql, url: "postgresql://postgres@127.0.0.1:\(port)/postgres", password: "${WRONG_PASSWORD}"}
            checks: {database.connectivity: {retries: 0}}
            """)
        var running = program
        running.environment = ["DB_PASSWORD": right, "WRONG_PASSWORD": wrong]
        var written: [String: String] = [:]
        let commands: [[String]] = [
            ["config", "check"], ["config", "show"], ["run", "daily", "--all-environments", "--verbose"],
            ["db", "update-stats", "--environment", "wrong"],
            ["db", "update-stats", "--all-environments", "--dry-run", "--format", "json"],
            ["show", "latest", "--verbose", "--journal"], ["findings", "--format", "csv"], ["resume"],
        ]
        for command in commands {
            let result = try await running.run(command)
            written[command.joined(separator: " ")] = result.output + result.errors
        }
        let good = try await running.run(["db", "update-stats", "--environments", "url,keywords,file,variable,command"])
        #expect(good.exitCode == 0, "\(good.errors)\(good.output)")
        let bad = try await running.run(["db", "update-stats", "--environment", "wrong"])
        #expect(bad.exitCode == 4, "\(bad.errors)\(bad.output)")
        #expect(bad.output.contains("password authentication failed"))

        let files = try #require(FileManager.default.enumerator(atPath: "\(program.directory)/state"))
        for case let name as String in files {
            if let data = FileManager.default.contents(atPath: "\(program.directory)/state/\(name)") {
                written["state/\(name)"] = String(decoding: data, as: Unicode.ASCII.self)
            }
        }
        #expect(written.keys.contains { $0.hasSuffix("mainstay.sqlite") })
        for (place, text) in written {
            for secret in [right, escaped, wrong] {
                #expect(!text.contains(secret), "a secret is in \(place)")
            }
        }
    }

    @Test("a connection in an argument is refused before it is used")
    func refusesArgument() async throws {
        let result = try await program.run(["init", "postgresql://u:\(wrong)@h/d"])
        #expect(result.exitCode == 2)
        #expect(!result.errors.contains(wrong))
        #expect(result.errors.contains("DATABASE_URL"))
    }

    @Test("init takes the connection from the environment or a pipe and leaves the password out")
    func initialises() async throws {
        var running = program
        running.environment["DATABASE_URL"] = "postgresql://app:\(wrong)@db.example/shop"
        let result = try await running.run(["init", "--output", "\(program.directory)/mainstay.yaml"])
        #expect(result.exitCode == 0, "\(result.errors)")
        let text = try String(contentsOfFile: "\(program.directory)/mainstay.yaml", encoding: .utf8)
        #expect(!text.contains(wrong))
        running.environment["MAINSTAY_PASSWORD"] = wrong
        let check = try await running.run(["config", "check"])
        #expect(check.exitCode == 0, "\(check.errors)")
        let again = try await running.run(["init", "--output", "\(program.directory)/mainstay.yaml"])
        #expect(again.exitCode == 1, "an existing file is never overwritten")
    }
}
