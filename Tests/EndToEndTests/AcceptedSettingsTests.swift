import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Settings
import Testing

@testable import Health

@Suite("Accepted settings", .cluster, .temporaryDirectory, .timeLimit(.minutes(2)))
struct AcceptedSettingsTests {
    private func run(_ sql: String) async throws {
        try await TestDatabase.current.connect(.unlimited()) { try await $0.executeScript(trusted: sql) }
    }

    @Test("a setting that changed since it was accepted is a warning that names old and new, until it is accepted")
    func changed() async throws {
        let program = Program()
        try program.configureTestDatabase()
        let name = TestDatabase.current.name
        func ask() async throws -> String {
            let result = try await program.run("health", "check", "--check=settings.accepted", "--verbose")
            return result.output
        }
        #expect(try await ask().contains("nobody has accepted the settings yet"))
        let shown = try await program.run("health", "accept-settings", "--dry-run")
        #expect(shown.output.contains("not accepted (dry run)"), "\(shown)")
        #expect(try await ask().contains("nobody has accepted the settings yet"))
        let first = try await program.run("health", "accept-settings")
        #expect(first.output.contains("accepted for the first time"))
        #expect(try await ask().contains("the settings are those accepted by"))
        try await run("alter database \(name) set work_mem = '7MB'")
        let changed = try await ask()
        #expect(changed.contains("database \(name): work_mem: '7MB' was not set"), "\(changed)")
        let second = try await program.run("health", "accept-settings", "--format", "csv")
        #expect(second.output.contains("database \(name): work_mem: '7MB' was not set"))
        #expect(try await ask().contains("the settings are those accepted by"))
        try await run("alter database \(name) reset all")
        #expect(try await ask().contains("not set any more, was '7MB'"))
    }

    @Test("of commands, where passwords stand, nothing but a digest is kept, and it still shows a change")
    func secrets() throws {
        let one = ServerSettings(values: ["work_mem": "4096 kB"], isComplete: true)
        let other = ServerSettings(values: ["work_mem": "8192 kB", "jit": "off"], isComplete: true)
        #expect(other.differences(from: one) == ["jit: 'off' was not set", "work_mem: '8192 kB' was '4096 kB'"])
        #expect(
            one.differences(from: other) == ["jit: not set any more, was 'off'", "work_mem: '4096 kB' was '8192 kB'"])
        #expect(one.digest != other.digest)
    }
}
