import Maintenance

enum AdoptError: MaintenanceError {
    case noSpelling(String, nearest: String?)
    case needsGuides(String)
    case noPackage(String, reason: String)
    case nothing(String)
    case inTheWay([String])
    case notAdopted(String)
    case changedSince([String])
    case refusedUnits([String])

    var code: String {
        switch self {
        case .noSpelling: "adopt.no-spelling"
        case .needsGuides: "adopt.needs-guides"
        case .noPackage: "adopt.no-package"
        case .nothing: "adopt.nothing"
        case .inTheWay: "adopt.in-the-way"
        case .notAdopted: "adopt.not-adopted"
        case .changedSince: "adopt.changed-since"
        case .refusedUnits: "adopt.refused-units"
        }
    }

    var problem: String {
        switch self {
        case .noSpelling(let name, _): "nothing here is called '\(name.printable)'"
        case .needsGuides(let kind): "'\(kind)' takes what it writes from guides, and none was named"
        case .noPackage(let path, let reason): "'\(path.printable)' cannot be read: \(reason)"
        case .nothing(let kind): "no command of these guides is one that '\(kind)' could start"
        case .inTheWay(let names):
            "\("file".counted(names.count)) or \(names.count == 1 ? "script is" : "scripts are") there already: "
                + names.map { "'\($0.printable)'" }.joined(separator: ", ")
        case .notAdopted(let kind): "nothing was adopted for '\(kind)' here"
        case .changedSince(let names):
            "changed since: \(names.map { "'\($0.printable)'" }.joined(separator: ", "))"
        case .refusedUnits(let lines): "systemd refuses the units: \(lines.joined(separator: "; ").printable)"
        }
    }

    var hint: String? {
        switch self {
        case .noSpelling(_, let nearest?): "Did you mean '\(nearest.printable)'?"
        case .noSpelling(_, nil): "'mainstay tasks' lists what there is."
        case .needsGuides: "Name the Markdown files behind it."
        case .noPackage: "Mend it first; npm does not read it either."
        case .nothing: "'mainstay guide check FILES --commands' says what became of each."
        case .inTheWay: "Nothing was written. '--replace' puts ours in their place; '--undo' brings them back."
        case .notAdopted: "Name the directory that it was adopted in by '--directory'."
        case .refusedUnits: "Nothing was written. Mend the unit in the guide."
        case .changedSince: "These were left as they are, and the rest was undone. Look at the difference above."
        }
    }

    var exitStatus: ExitStatus {
        switch self {
        case .noSpelling, .needsGuides: .usage
        case .changedSince, .inTheWay: .failure
        default: .configuration
        }
    }
}
