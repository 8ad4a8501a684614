import Maintenance

/// What keeps somebody from looking at a checklist or signing it.
package enum ChecklistError: MaintenanceError {
    case unknown(String, nearest: String?)
    case ambiguous(String, [String])
    case unknownItem(String, list: String, nearest: String?)
    case ambiguousItem(String, list: String, [String])
    case notKept(list: String, environment: String, environments: [String])
    case answeredByEvidence(item: String, by: String, command: String)
    case noteMissing
    case noteTooLong(bytes: Int, most: Int)
    case tooLarge(path: String, most: ByteCount)
    case notReadBack(path: String)
    case forged(entry: Int64)

    package var code: String {
        switch self {
        case .unknown: "checklist.unknown"
        case .ambiguous, .ambiguousItem: "checklist.ambiguous"
        case .unknownItem: "checklist.unknown-item"
        case .notKept: "checklist.not-kept"
        case .answeredByEvidence: "checklist.answered-by-evidence"
        case .noteMissing: "checklist.note-missing"
        case .noteTooLong: "checklist.note-too-long"
        case .tooLarge: "checklist.attachment-too-large"
        case .notReadBack: "checklist.attachment-not-kept"
        case .forged: "checklist.forged"
        }
    }

    package var problem: String {
        switch self {
        case .unknown(let name, _): "there is no checklist '\(name.printable)'"
        case .ambiguous(let name, let names):
            "'\(name.printable)' means several checklists: \(names.joined(separator: ", "))"
        case .unknownItem(let name, let list, _): "'\(list)' has no item '\(name.printable)'"
        case .ambiguousItem(let name, let list, let names):
            "'\(name.printable)' means several items of '\(list)': \(names.joined(separator: ", "))"
        case .notKept(let list, let environment, let environments):
            "'\(list)' is not kept for \(environment.printable) (only for: \(environments.joined(separator: ", ")))"
        case .answeredByEvidence(let item, let by, _):
            "'\(item)' is answered by \(by.printable), and nobody signs that by hand"
        case .noteMissing: "a note is missing that says what was seen or is in the way"
        case .noteTooLong(let bytes, let most): "the note has \(bytes) bytes, and at most \(most) are kept"
        case .tooLarge(let path, let most): "'\(path.printable)' is larger than the \(most) that an attachment may have"
        case .notReadBack(let path): "the copy of '\(path.printable)' is not what was read"
        case .forged(let entry): "entry \(entry) of the audit trail was edited, or one before it deleted"
        }
    }

    package var hint: String? {
        switch self {
        case .unknown(_, let nearest):
            nearest.map { "Did you mean '\($0)'?" } ?? "'mainstay checklist list' lists them."
        case .unknownItem(_, let list, let nearest):
            nearest.map { "Did you mean '\($0)'?" } ?? "'mainstay checklist show \(list)' lists its items."
        case .ambiguous, .ambiguousItem: "Give more of it."
        case .notKept: "Its 'environments' in the configuration say where it is kept."
        case .answeredByEvidence(_, _, let command):
            "Let it be done: '\(command)'. 'mainstay checklist remark' adds a word to it."
        case .noteMissing: "Say it with '--note TEXT'."
        case .noteTooLong: "Put the rest into a file: '--attach FILE'."
        case .tooLarge: "Keep it elsewhere and name the place in the note."
        case .notReadBack: "Nothing was signed. Look at the disk of the state directory."
        case .forged: "'mainstay audit verify' says what else is not as it was written."
        }
    }

    package var exitStatus: ExitStatus {
        switch self {
        case .notReadBack, .forged: .failure
        default: .usage
        }
    }
}
