import Maintenance

/// One thing in the trail that is not as it was written, with the entry it shows at.
package struct AuditProblem: Codable, Hashable, Sendable, CustomStringConvertible {
    /// Nil where even the number cannot be read, or where only a hash was given to compare with.
    package var number: Int64?
    /// The last of several entries; nil where it is one.
    package var through: Int64?
    package var kind: Kind
    /// The beginning of the hash that was kept elsewhere.
    package var against: String?
    /// Where that was kept.
    package var source: String?

    init(
        number: Int64?, through: Int64? = nil, kind: Kind, against: String? = nil, source: String? = nil
    ) {
        self.number = number
        self.through = through == number ? nil : through
        self.kind = kind
        self.against = against
        self.source = source
    }

    package enum Kind: Codable, Hashable, Sendable {
        /// Its content has not the hash it carries: changed, or written by somebody else.
        case edited
        /// Its columns do not hold what the trail writes.
        case unreadable
        /// Its content belongs under another number.
        case moved(from: Int64)
        /// Entries are gone.
        case missing
        /// A number the trail never gives.
        case foreign
        /// Whole in itself, and not written behind the entry that stands before it.
        case unlinked
        /// What it tells of a change is not what the run log has.
        case contradicted(change: String, how: Contradiction)
        /// The first entry there is was not the first that was written.
        case beheaded
        /// A head kept elsewhere is newer than the newest entry.
        case cut(to: Int64)
        /// A head kept elsewhere was never in this chain.
        case rewritten
    }

    /// What differs between an entry and the change it tells of.
    package enum Contradiction: String, Codable, Hashable, Sendable {
        case gone = "is not in its run any more"
        case altered = "was altered since it started"
        case otherEnd = "stands in the run log with another end"
    }

    /// One clause.
    package var description: String {
        let name = number.map { "entry \($0)" } ?? "an entry"
        let names = through.map { "entries \(number ?? 0) to \($0)" }
        let place = source.flatMap { $0.isEmpty ? nil : " (kept in '\($0.printable)')" } ?? ""
        return switch kind {
        case .edited: "\(name) was edited or inserted: its content has not the hash it carries"
        case .unreadable: "\(name) was edited: its columns do not hold what Mainstay writes"
        case .moved(let from): "\(name) was moved: it was written as entry \(from)"
        case .missing: names.map { "\($0) were deleted" } ?? "\(name) was deleted"
        case .foreign: "\(name) was inserted: numbers begin with 1"
        case .unlinked:
            "entry \((number ?? 1) - 1) was replaced, or entry \(number ?? 0) inserted: the one was not written behind "
                + "the other"
        case .beheaded: "\(name) was not the first: what was written before it was replaced"
        case .contradicted(let change, let how):
            "the change '\(change.printable)' that \(name) tells of \(how.rawValue)"
        case .cut(let last):
            "entries \(last + 1) to \(number ?? 0) were cut off: the head \(against ?? "")… was entry "
                + "\(number ?? 0)\(place)"
        case .rewritten:
            number.map {
                "entry \($0) or one before it was rewritten: entry \($0) had the hash \(against ?? "")…\(place)"
            } ?? "no entry has the hash \(against ?? "")…: the trail was cut off or rewritten\(place)"
        }
    }
}
