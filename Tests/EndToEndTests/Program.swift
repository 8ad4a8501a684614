import Foundation
import Maintenance
import MaintenanceTesting
import Outside

/// The built program, run as its user would: with a configuration file and a state directory of the test's own.
struct Program {
    var directory = TemporaryDirectory.current
    var environment: [String: String] = [:]

    static var path: String {
        // The test bundle lies beside the program it was built with.
        URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("mainstay")
            .path
    }

    struct Result {
        var status: ProgramOutcome.Termination
        var output: String
        var errors: String
        var exitCode: Int32? { if case .exited(let code) = status { code } else { nil } }
    }

    func configure(_ yaml: String) throws {
        try yaml.write(toFile: "\(directory)/mainstay.yaml", atomically: true, encoding: .utf8)
    }

    var command: (_ arguments: [String]) -> ChildProgram {
        { arguments in
            var variables = [
                "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": directory,
                "MAINSTAY_STATE": "\(directory)/state", "MAINSTAY_CONFIG": "\(directory)/mainstay.yaml",
            ]
            variables.merge(environment) { $1 }
            var child = ChildEnvironment()
            for (name, value) in variables { child.values[name] = .plain(value) }
            return ChildProgram(
                Self.path, arguments, environment: child, workingDirectory: directory, timeLimit: .seconds(120))
        }
    }

    func run(_ arguments: String...) async throws -> Result {
        let outcome = try await Programs(environment: [:]).run(command(arguments))
        return Result(
            status: outcome.termination, output: outcome.output.text, errors: outcome.errorOutput.text)
    }
}
