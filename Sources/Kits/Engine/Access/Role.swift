import Maintenance

/// What somebody may do in an environment; each may do what those before it may.
package enum Role: String, Codable, CaseIterable, Sendable, Comparable {
    /// Sees everything there.
    case viewer
    /// Starts dry runs, and by a token that was made for it runs; takes alerts on and silences them, signs checklists.
    case `operator`
    /// Approves and rejects what waits.
    case approver
    /// Makes accounts; only for all environments.
    case admin

    package static func < (left: Role, right: Role) -> Bool { left.rank < right.rank }

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// Who may do what where.
package struct Grants: Codable, Hashable, Sendable {
    /// For what is in all environments, those to come too, and for the estate as a whole; nil for nothing.
    package var everywhere: Role?
    /// By environment; the higher of this and `everywhere` counts.
    package var environments: [String: Role]

    package init(everywhere: Role? = nil, environments: [String: Role] = [:]) {
        self.everywhere = everywhere
        self.environments = environments
    }

    /// The role in an environment; the empty name is the estate.
    package func role(in environment: String) -> Role? {
        let own = environment.isEmpty ? nil : environments[environment]
        return [everywhere, own].compactMap(\.self).max()
    }

    package func may(_ role: Role, in environment: String) -> Bool {
        self.role(in: environment).map { $0 >= role } ?? false
    }

    /// At least that much somewhere.
    package func maySomewhere(_ role: Role) -> Bool {
        ([everywhere] + environments.values.map(Optional.some)).contains { $0.map { $0 >= role } ?? false }
    }

    package var isEmpty: Bool { everywhere == nil && environments.isEmpty }

    /// What both allow: of a token, never more than its account has when it is used.
    package func intersection(_ other: Grants) -> Grants {
        func lower(_ left: Role?, _ right: Role?) -> Role? {
            guard let left, let right else { return nil }
            return min(left, right)
        }
        var result = Grants(everywhere: lower(everywhere, other.everywhere))
        for name in Set(environments.keys).union(other.environments.keys) {
            result.environments[name] = lower(role(in: name), other.role(in: name))
        }
        return result
    }

    /// `admin`, `viewer; approver in test`.
    package var text: String {
        let named = environments.sorted { $0.key < $1.key }.map { "\($0.value.rawValue) in \($0.key)" }
        return ([everywhere?.rawValue].compactMap(\.self) + named).joined(separator: "; ")
    }
}
