import Foundation
import Maintenance
import Outside

/// Has systemd read units before they are written (systemd-analyze(1), verify).
enum UnitVerification {
    /// Nil where it took them, else why nobody could ask: no systemd-analyze, or one that does not start.
    ///
    /// - Throws: `AdoptError` with what it says against one of them.
    static func verify(_ units: [Adoption.File], with programs: Programs) async throws -> String? {
        let analyze: String
        do throws(ProgramError) {
            analyze = try programs.find("systemd-analyze")
        } catch {
            return error.problem
        }
        let manager = FileManager.default
        let scratch = manager.temporaryDirectory.appendingPathComponent("mainstay-units-\(UUID().uuidString)").path
        try manager.createDirectory(atPath: scratch, withIntermediateDirectories: false)
        // What stays behind are small texts.
        defer { try? manager.removeItem(atPath: scratch) }
        for unit in units {
            try SafeDirectory(scratch).write(try FileName(unit.path), Array((unit.new ?? "").utf8))
        }
        let outcome = try await programs.run(
            ChildProgram(
                analyze, ["--system", "--man=no", "verify"] + units.map { "\(scratch)/\($0.path)" },
                environment: ChildEnvironment(), timeLimit: .seconds(60)))
        let lines = outcome.errorOutput.lastLines(100)
        // It reads the machine's other units too, and has one status for all of them. A key that it does not know is
        // told and no failure.
        let own = lines.filter { line in line.containsBytes(scratch) || units.contains { line.containsBytes($0.path) } }
        guard own.isEmpty else {
            throw AdoptError.refusedUnits(own.map { $0.replacingBytes(of: "\(scratch)/", with: "") })
        }
        guard !outcome.isSuccess else { return nil }
        return "'\(outcome.commandLine)' \(outcome.termination): \(lines.suffix(2).joined(separator: "; "))"
    }
}
