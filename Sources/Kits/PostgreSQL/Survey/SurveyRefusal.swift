import Maintenance

/// Why a statement is no survey.
package enum SurveyRefusal: MaintenanceError, Hashable {
    case empty
    case several
    /// Begins with this word.
    case statement(String)
    /// What in it changes something: `FOR UPDATE`, `SELECT … INTO`.
    case changes(String)
    /// Calls this function.
    case function(String)
    case notToStandardOutput
    /// Could come to call this while it is planned: a function, type, operator or table that runs somebody's code.
    case untrusted(String)
    /// A clause that says what makes it unreadable.
    case unreadable(String)

    package var code: String {
        switch self {
        case .empty: "postgresql.survey.empty"
        case .several: "postgresql.survey.several"
        case .statement: "postgresql.survey.statement"
        case .changes: "postgresql.survey.changes"
        case .function: "postgresql.survey.function"
        case .notToStandardOutput: "postgresql.survey.copy"
        case .untrusted: "postgresql.survey.untrusted"
        case .unreadable: "postgresql.survey.unreadable"
        }
    }

    package var problem: String {
        switch self {
        case .empty: "the statement is empty, and a survey needs exactly one"
        case .several: "the text holds several statements, and a survey is exactly one"
        case .statement(let word): "a statement that begins with '\(word.printable)' is no survey"
        case .changes(let what): "a survey may only look, and this statement holds \(what)"
        case .function(let name): "a survey may only look, and this statement calls '\(name.printable)'"
        case .notToStandardOutput: "a survey may COPY only TO STDOUT"
        case .untrusted(let what):
            "planning it could run code of \(what.printable), which belongs to neither a superuser nor this role"
        case .unreadable(let why): "the statement \(why)"
        }
    }

    package var hint: String? {
        switch self {
        case .empty, .untrusted: nil
        case .several: "Give each statement a survey of its own."
        case .statement, .changes, .function, .notToStandardOutput:
            "Use SELECT, WITH … SELECT, VALUES, TABLE, SHOW, EXPLAIN without ANALYZE, or COPY … TO STDOUT; "
                + "put a column that is named like a command in double quotes."
        case .unreadable: "Write it plainly, without what the message names."
        }
    }

    package var exitStatus: ExitStatus { .configuration }
}
