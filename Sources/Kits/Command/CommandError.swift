import Maintenance

package enum CommandError: MaintenanceError {
    case arguments(task: String, message: String)
    case noSuchEnvironment(String, known: [String])
    case whichEnvironment([String])
    case nothingToWorkOn(task: String, environments: [String])
    case noSuchRoutine(String, known: [String])
    case noSuchName(String, known: [String])
    case noConfiguration(searched: [String])
    case notATerminal(String)
    case notOurs(path: String)
    case files(directory: String, reason: String)
    case noConnection
    case noSchedule(routine: String)
    case countOfStarts
    case stateMoved(from: String, to: String)
    case noAuditHead(String, isFile: Bool)
    case noNagios

    package var code: String {
        switch self {
        case .arguments: "command.arguments"
        case .noSuchEnvironment: "command.no-such-environment"
        case .whichEnvironment: "command.which-environment"
        case .nothingToWorkOn: "command.nothing-to-work-on"
        case .noSuchRoutine: "command.no-such-routine"
        case .noSuchName: "command.no-such-name"
        case .noConfiguration: "configuration.missing"
        case .notATerminal: "command.not-a-terminal"
        case .notOurs: "reference.not-ours"
        case .files: "reference.files"
        case .noConnection: "command.no-connection"
        case .noSchedule: "command.no-schedule"
        case .countOfStarts: "command.count"
        case .stateMoved: "configuration.state-moved"
        case .noAuditHead: "command.no-audit-head"
        case .noNagios: "command.no-nagios"
        }
    }

    package var problem: String {
        switch self {
        case .arguments(let task, let message): "'\(task)' cannot be run so: \(message.printable)"
        case .noSuchEnvironment(let name, let known):
            "there is no environment '\(name.printable)' (there are: \(known.joined(separator: ", ")))"
        case .whichEnvironment(let known):
            "it was not said which environment is meant (there are: \(known.joined(separator: ", ")))"
        case .nothingToWorkOn(let task, let environments):
            "'\(task)' finds nothing to work on in \(environments.joined(separator: ", "))"
        case .noSuchRoutine(let name, let known):
            "there is no routine '\(name.printable)' (there are: \(known.joined(separator: ", ")))"
        case .noSuchName(let name, _): "there is no task, check or routine '\(name.printable)'"
        case .noConfiguration(let searched):
            "there is no configuration (looked for \(searched.map { "'\($0.printable)'" }.joined(separator: ", ")))"
        case .notATerminal(let what): "\(what) has to be asked for, and this is no terminal"
        case .notOurs(let path): "'\(path.printable)' was not made by 'mainstay reference'"
        case .files(let directory, let reason):
            "the pages cannot be written to '\(directory.printable)': \(reason.printable)"
        case .noConnection: "no connection was given"
        case .noSchedule(let routine): "the routine '\(routine.printable)' has no schedule"
        case .countOfStarts: "the number of starts is between 1 and 10,000"
        case .stateMoved(let old, let new):
            "the state would move from '\(old.printable)' to '\(new.printable)', which takes a new start"
        case .noAuditHead(let text, isFile: true): "no head of an audit trail stands in '\(text.printable)'"
        case .noAuditHead(let text, isFile: false):
            "'\(text.printable)' is neither a head of the audit trail nor a file that can be read"
        case .noNagios: "only tasks that look answer as Nagios reads it"
        }
    }

    package var hint: String? {
        switch self {
        case .arguments(let task, _): "'mainstay \(task) --help' lists its options."
        case .noSuchEnvironment(let name, let known):
            nearest(to: name, among: known).map { "Did you mean '--environment \($0)'?" }
        case .whichEnvironment(let known):
            "Say '--environment \(known.first ?? "NAME")', '--environments A,B' or '--all-environments'."
        case .nothingToWorkOn: "'mainstay config show' lists the resources of each environment."
        case .noSuchRoutine(let name, let known):
            nearest(to: name, among: known).map { "Did you mean '\($0)'?" }
        case .noSuchName(let name, let known):
            nearest(to: name, among: known).map { "Did you mean '\($0)'?" }
                ?? "'mainstay tasks' and 'mainstay checks' list them."
        case .noConfiguration: "'mainstay init' writes one to begin with; '--config FILE' names another."
        case .notATerminal: nil
        case .notOurs: "Nothing was changed. Move it away, or name another directory."
        case .files: nil
        case .noConnection: "Set DATABASE_URL, or pipe it in: 'printenv DATABASE_URL | mainstay init'."
        case .noSchedule(let routine):
            "Write 'schedule: daily 02:00' under 'routines.\(routine.printable)', or ask about an expression."
        case .countOfStarts: nil
        case .stateMoved: "Stop 'mainstay serve' and start it again."
        case .noNagios: "'mainstay health check --format nagios' does; for this one take 'json'."
        case .noAuditHead:
            "A head looks like audit:1234: and 64 hexadecimal digits; reports, certificates and the system log have one."
        }
    }

    package var exitStatus: ExitStatus {
        switch self {
        case .nothingToWorkOn, .noConfiguration, .stateMoved: .configuration
        case .notOurs, .files: .failure
        default: .usage
        }
    }
}
