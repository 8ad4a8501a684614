import Maintenance
import Outside
import PostgreSQL

/// What `pg_controldata` says of a data directory, as far as a copy needs it.
package struct ControlData: Sendable, Hashable {
    package var systemIdentifier: String
    package var timeline: UInt32
    package var segmentSize: UInt64
    package var preparedTransactions: Int
    package var locksPerTransaction: Int
    package var connections: Int
    package var hasDataChecksums: Bool

    /// - Throws: `PhysicalError.notRestored` where its own checksum does not fit, or something is missing.
    init(_ output: String, errors: String) throws(PhysicalError) {
        if output.containsBytes("WARNING: Calculated CRC checksum does not match")
            || errors.containsBytes("CRC checksum does not match")
        {
            throw .notRestored(reason: "the control file 'global/pg_control' is damaged: its checksum does not fit")
        }
        let fields = Fields(output)
        systemIdentifier = try fields.text("Database system identifier")
        timeline = try fields.number("Latest checkpoint's TimeLineID", UInt32.self)
        segmentSize = try fields.number("Bytes per WAL segment", UInt64.self)
        preparedTransactions = try fields.number("max_prepared_xacts setting", Int.self)
        locksPerTransaction = try fields.number("max_locks_per_xact setting", Int.self)
        connections = try fields.number("max_connections setting", Int.self)
        hasDataChecksums = try fields.number("Data page checksum version", Int.self) != 0
    }

    /// What it prints: `name: value`.
    private struct Fields {
        private var values: [String: String] = [:]

        init(_ output: String) {
            for line in output.split(separator: "\n") {
                guard let colon = line.firstIndex(of: ":") else { continue }
                values[String(line[..<colon])] = String(line[line.index(after: colon)...]).trimmingWhitespace()
            }
        }

        func text(_ name: String) throws(PhysicalError) -> String {
            guard let value = values[name] else {
                throw .notRestored(reason: "the control file 'global/pg_control' does not say '\(name)'")
            }
            return value
        }

        func number<Value: FixedWidthInteger>(_ name: String, _: Value.Type) throws(PhysicalError) -> Value {
            let text = try text(name)
            guard let number = Value(text) else {
                throw .notRestored(reason: "the control file says '\(name)' is '\(text.printable)'")
            }
            return number
        }
    }

    /// - Throws: `PhysicalError.notRestored`, `ProgramError`.
    static func read(
        _ directory: String, _ server: ServerPrograms, as user: SystemUser?, with programs: Programs
    ) async throws -> ControlData {
        let outcome = try await programs.run(
            ChildProgram(
                server.path("pg_controldata"), ["--pgdata=\(directory)"], environment: ["LC_ALL": "C"],
                workingDirectory: "/", user: user, timeLimit: .seconds(60)))
        // What keeps the program from looking says nothing of the file.
        if case .exited = outcome.termination {} else { _ = try outcome.checked() }
        guard outcome.isSuccess else {
            throw PhysicalError.notRestored(
                reason: "the control file 'global/pg_control' cannot be read: "
                    + (outcome.errorOutput.lastLines(1).first ?? "pg_controldata says nothing"))
        }
        return try ControlData(outcome.output.text, errors: outcome.errorOutput.text)
    }
}
