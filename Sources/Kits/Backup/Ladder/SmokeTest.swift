import Maintenance
import Outside
import PostgreSQL

/// The application's own test, started against a restored copy: the last thing a proof does, since it may write there.
package struct SmokeTest: Sendable {
    /// Made right before it starts, with its limit and its own variables; those that lead to the copy are added.
    package var program: @Sendable (Programs) async throws -> ChildProgram
    /// What counts as success.
    package var exitStatuses: [Int]

    package init(exitStatuses: [Int] = [0], _ program: @escaping @Sendable (Programs) async throws -> ChildProgram) {
        self.program = program
        self.exitStatuses = exitStatuses
    }

    package struct Outcome: Codable, Hashable, Sendable {
        package var commandLine: String
        package var seconds: Double
        /// Nil where it succeeded. Hostile text: its end is the program's own last words.
        package var problem: String?
    }

    /// - Parameter address: of a superuser.
    /// - Throws: `ProgramError` where it cannot be started, `CancellationError`, what making it throws.
    func outcome(at address: DatabaseAddress, snapshot: Timestamp, with programs: Programs) async throws -> Outcome {
        var child = try await program(programs)
        var values = address.environment
        values["DATABASE_URL"] = .secret(address.url)
        values["MAINSTAY_SNAPSHOT"] = .plain(snapshot.iso8601)
        child.environment.values = values.merging(child.environment.values) { $1 }
        let outcome = try await programs.run(child, keeping: ByteCount(65_536))
        var problem: String?
        if case .exited(let status) = outcome.termination, exitStatuses.contains(Int(status)) {
            problem = nil
        } else {
            let words =
                outcome.errorOutput.lastLines(3) + outcome.output.lastLines(outcome.errorOutput.total == 0 ? 3 : 0)
            problem = "it \(outcome.termination)\(words.isEmpty ? "" : ": \(words.joined(separator: "; "))")"
        }
        return Outcome(
            commandLine: outcome.commandLine, seconds: outcome.duration.inSeconds, problem: problem)
    }
}
