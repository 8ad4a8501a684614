import Engine
import Maintenance
import Settings

/// `viewer`, `production=approver`: roles as people write them.
enum GrantWords {
    static func read(_ words: [String], _ inventory: Inventory) throws(GrantError) -> Grants {
        var grants = Grants()
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let name = parts.last, let role = Role(rawValue: name) else {
                throw .unknownRole(parts.last ?? word)
            }
            guard parts.count == 2, let environment = parts.first else {
                grants.everywhere = [grants.everywhere, role].compactMap(\.self).max()
                continue
            }
            let known = inventory.environments.map(\.name)
            guard known.contains(environment) else {
                throw .unknownEnvironment(environment, known: known)
            }
            guard role != .admin else { throw .adminSomewhere(environment) }
            grants.environments[environment] = [grants.environments[environment], role].compactMap(\.self).max()
        }
        return grants
    }
}

/// What is wrong with a role somebody wrote.
enum GrantError: MaintenanceError {
    case unknownRole(String)
    case unknownEnvironment(String, known: [String])
    case adminSomewhere(String)

    var code: String {
        switch self {
        case .unknownRole: "access.unknown-role"
        case .unknownEnvironment: "access.unknown-environment"
        case .adminSomewhere: "access.admin-somewhere"
        }
    }

    var problem: String {
        switch self {
        case .unknownRole(let name): "'\(name.printable)' is no role"
        case .unknownEnvironment(let name, _): "there is no environment '\(name.printable)'"
        case .adminSomewhere(let name): "'\(name.printable)=admin' cannot be: an admin is admin of everything"
        }
    }

    var hint: String? {
        let roles = Role.allCases.map(\.rawValue)
        switch self {
        case .unknownRole(let name):
            return nearest(to: name, among: roles).map { "Did you mean '\($0)'?" }
                ?? "There are \(roles.joined(separator: ", "))."
        case .unknownEnvironment(let name, let known):
            return nearest(to: name, among: known).map { "Did you mean '\($0)'?" }
                ?? "There are \(known.joined(separator: ", "))."
        case .adminSomewhere: return "Write '--role admin', or 'approver' for the environment."
        }
    }

    var exitStatus: ExitStatus { .usage }
}
