import Foundation
import Maintenance
import Outside

/// The built program, run as its user would: with a configuration file and a state directory of the test's own.
package struct Program: Sendable {
    package var directory: String
    package var environment: [String: String]

    /// Only inside a test that carries `.temporaryDirectory`, unless a directory is given.
    package init(directory: String = TemporaryDirectory.current, environment: [String: String] = [:]) {
        self.directory = directory
        self.environment = environment
    }

    package static var path: String {
        // The test bundle lies beside the program it was built with.
        URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("mainstay")
            .path
    }

    package struct Result: Sendable {
        package var status: ProgramOutcome.Termination
        package var output: String
        package var errors: String

        package init(status: ProgramOutcome.Termination, output: String, errors: String) {
            self.status = status
            self.output = output
            self.errors = errors
        }

        package var exitCode: Int32? { if case .exited(let code) = status { code } else { nil } }
    }

    /// One environment, `test`, whose one resource, `main`, is the test's own database; `more` are further sections.
    package func configureTestDatabase(_ more: String = "") throws {
        try configure(
            """
            environments:
              test:
                resources:
                  main:
                    kind: postgresql
                    connection: "\(TestDatabase.current.connectionString)"
            \(more)
            """)
    }

    package func configure(_ yaml: String) throws {
        try yaml.write(toFile: "\(directory)/mainstay.yaml", atomically: true, encoding: .utf8)
    }

    package func command(_ arguments: [String]) -> ChildProgram { child(Self.path, arguments) }

    package func run(_ arguments: String...) async throws -> Result { try await run(command(arguments)) }

    package func run(_ arguments: [String]) async throws -> Result { try await run(command(arguments)) }

    /// A line of bash that finds the program as `mainstay`; a pipe fails with whichever part of it fails.
    package func shell(_ line: String) async throws -> Result {
        try await run(child("/bin/bash", ["--norc", "-o", "pipefail", "-c", line]))
    }

    private func run(_ child: ChildProgram) async throws -> Result {
        let outcome = try await Programs(environment: [:]).run(child)
        return Result(
            status: outcome.termination, output: outcome.output.text, errors: outcome.errorOutput.text)
    }

    private func child(_ path: String, _ arguments: [String]) -> ChildProgram {
        let own = URL(fileURLWithPath: Self.path).deletingLastPathComponent().path
        var variables = [
            "PATH": "\(own):/usr/sbin:/usr/bin:/sbin:/bin", "HOME": directory,
            "MAINSTAY_STATE": "\(directory)/state", "MAINSTAY_CONFIG": "\(directory)/mainstay.yaml",
        ]
        variables.merge(environment) { $1 }
        var inherited = ChildEnvironment()
        for (name, value) in variables { inherited.values[name] = .plain(value) }
        return ChildProgram(
            path, arguments, environment: inherited, workingDirectory: directory, timeLimit: .seconds(120))
    }
}
