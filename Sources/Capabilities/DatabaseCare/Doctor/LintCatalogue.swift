import Maintenance

/// Every lint there is, in the order of triage.
package enum LintCatalogue {
    package static let all: [Lint] = [
        Lint.uselessIndexes, Lint.indexShapes, Lint.tables, Lint.partitions, Lint.vacuum, Lint.keys, Lint.constraints,
        Lint.rowSecurity, Lint.objects, Lint.habits, Lint.statements, Lint.cluster, Lint.dangerousSettings,
        Lint.tuningSettings,
    ].flatMap { $0 }.sorted { ($0.priority, $0.code) < ($1.priority, $1.code) }

    package static let families = Set(all.map(\.family)).sorted()

    /// By code or name; nil where there is none.
    static func lint(_ word: String) -> Lint? {
        all.first { $0.code == word.uppercased() || $0.name == word.lowercased() }
    }
}

/// Which lints somebody asked for.
struct LintChoice: Sendable {
    var lints: [Lint]

    /// - Parameters:
    ///   - family: all of that family, habits too; every family where nil.
    ///   - only: codes and names, with commas between; nil is all.
    ///   - habits: whether matters of habit are among all.
    init(family: String?, only: String?, habits: Bool) throws(LintChoiceError) {
        if let only {
            var chosen: [Lint] = []
            for part in only.split(separator: ",") {
                let word = String(part).trimmingWhitespace()
                guard let lint = LintCatalogue.lint(word) else {
                    throw .unknown(word, nearest(to: word, among: LintCatalogue.all.flatMap { [$0.name, $0.code] }))
                }
                chosen.append(lint)
            }
            guard !chosen.isEmpty else { throw .unknown(only, nil) }
            lints = LintCatalogue.all.filter { lint in chosen.contains { $0.code == lint.code } }
            return
        }
        if let family {
            guard LintCatalogue.families.contains(family) else {
                throw .unknownFamily(family, nearest(to: family, among: LintCatalogue.families))
            }
            lints = LintCatalogue.all.filter { $0.family == family }
            return
        }
        lints = LintCatalogue.all.filter { habits || !$0.isHabit }
    }
}

/// A word that names no lint.
enum LintChoiceError: Error, Equatable {
    case unknown(String, String?)
    case unknownFamily(String, String?)

    var text: String {
        switch self {
        case .unknown(let word, let near):
            "no check is called '\(word.printable)'" + (near.map { "; did you mean '\($0)'?" } ?? "")
        case .unknownFamily(let word, let near):
            "no family of checks is called '\(word.printable)'"
                + (near.map { "; did you mean '\($0)'?" }
                    ?? "; there are \(LintCatalogue.families.joined(separator: ", "))")
        }
    }
}
