import Engine
import Maintenance
import Outside
import PostgreSQL
import Settings

extension Check {
    static let queryResult = Check(
        CheckSchema(
            name: "query.result", summary: "whether what a statement of the team's own finds is as it has to be",
            timeout: .seconds(630)),
        code: "HC063",
        title: "Statement",
        kind: .query,
        explanation: """
            Runs the resource's statement on its database, alone in a READ ONLY transaction with time-outs, and judges its \
            first row by the conditions: each column by its name, and 'rows' for how many there are. Nothing but one SELECT, \
            WITH, VALUES, TABLE or SHOW is taken, and nothing that is known to change something. The value is the first \
            column where that is a number, and becomes a sample.
            """,
        source: "https://www.postgresql.org/docs/current/sql-set-transaction.html"
    ) { context in
        guard case .query(let access) = context.resource.access else {
            preconditionFailure("'\(context.resource.name)' is asked as a statement and is \(context.resource.kind)")
        }
        let target = Target(environment: context.target.environment, resource: access.database.value)
        guard let database = context.look.inventory[target], database.kind == .postgresql else {
            preconditionFailure("'\(context.resource.name)' names the database '\(target)', which there is not")
        }
        let statement = try SurveySQL(trusted: access.sql)
        let session = try await context.look.database(database).limited(to: access.timeout)
        let began = context.look.clock.monotonic()
        let result = try await session.reduceRows(statement, into: FirstRow()) { result, row in
            try result.add(row)
        }
        var facts = ConditionFacts()
        for name in context.resource.access.columnsAsked {
            facts.values[name] = result.count == 0 ? .missing("there is no row") : result.values[name]
        }
        facts.values["rows"] = .number(Double(result.count))
        facts.values["response-time"] = .number((context.look.clock.monotonic() - began).inSeconds)
        var reading = Reading(value: result.number)
        reading.state = .passed
        reading.summary = "row".counted(result.count)
        if let number = result.number {
            reading.measurements = [
                Measurement("query.value", context.target, object: result.first, unit: .count, value: number)
            ]
        }
        reading.judge(access.expected, by: facts)
        return reading
    }
}

extension ResourceAccess {
    /// What the conditions of a query ask of its row.
    fileprivate var columnsAsked: Set<String> {
        guard case .query(let access) = self else { return [] }
        return Set(access.expected.all.map(\.subject.name)).subtracting(["rows", "response-time"])
    }
}

/// The first row of a result and how many there are, however many those be.
private struct FirstRow: Sendable {
    var count = 0
    var values: [String: ConditionFacts.Value] = [:]
    /// The first column's name.
    var first: String?
    /// The first column, where it is a number.
    var number: Double?

    mutating func add(_ row: Row) throws {
        count += 1
        guard count == 1 else { return }
        for (index, name) in row.columns.names.enumerated() where values[name] == nil {
            values[name] = try Self.value(row, index)
        }
        first = row.columns.names.first
        if let first, case .number(let value)? = values[first] { number = value }
    }

    private static func value(_ row: Row, _ index: Int) throws -> ConditionFacts.Value {
        guard let text = row.text(index) else { return .null }
        do throws(PostgreSQLError) {
            return .boolean(try row[index, as: Bool.self])
        } catch {
            do throws(PostgreSQLError) {
                return .number(try row[index, as: Double.self])
            } catch {
                return .text(text)
            }
        }
    }
}
