import Maintenance

/// How steps that are no tasks of the command line are stored: `--name=value` as often as needed, `--`, and the rest as
/// it is.
enum StepArguments {
    /// Nil where they are not written so.
    static func split(_ arguments: [String]) -> (options: [(name: String, value: String)], rest: [String])? {
        guard let end = arguments.firstIndex(of: "--") else { return nil }
        let options = arguments[..<end].map(halves)
        return (options, Array(arguments[(end + 1)...]))
    }

    /// Before and behind the first `=`; nothing behind it where there is none.
    static func halves(_ text: String) -> (name: String, value: String) {
        let scalars = text.unicodeScalars
        guard let sign = scalars.firstIndex(of: "=") else { return (text, "") }
        return (String(scalars[..<sign]), String(scalars[scalars.index(after: sign)...]))
    }
}

/// A stored step that cannot be read: the state was written by another version, or by hand.
struct StepArgumentsError: MaintenanceError {
    var task: String
    var arguments: [String]

    var code: String { "step.malformed" }
    var problem: String {
        "the stored step '\(task)' cannot be read: '\(arguments.joined(separator: " ").printable)'"
    }
    var hint: String? { "Run the routine again; 'mainstay runs' shows what this run had done." }
    var exitStatus: ExitStatus { .failure }
}
