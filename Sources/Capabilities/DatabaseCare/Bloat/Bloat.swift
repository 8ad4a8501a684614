import Maintenance
import PostgreSQL

/// How much of a relation holds nothing that anybody needs: an estimate whose error is known, or why there is none.
package enum Bloat: Sendable, Hashable {
    /// - Parameters:
    ///   - share: of the relation's pages that is empty or dead, 0 to 100.
    ///   - error: percentage points that the truth may lie beside it, nineteen times of twenty; 0 where it was measured.
    case estimated(share: Double, error: Double, source: String)
    case unknown(String)

    /// Beyond this an estimate is none.
    package static let largestError = 5.0
    /// Smaller relations are no bloat, whatever is in them.
    package static let leastPages = 100.0

    package var share: Double? {
        if case .estimated(let share, _, _) = self { share } else { nil }
    }
}

/// What a page has room for: 8,192 bytes without its header; each row takes its length, rounded up to eight, and four
/// bytes for its pointer (manual, 73.6 "Database Page Layout").
enum PageLayout {
    static let room = 8_192.0 - 24
    /// A B-tree's page has sixteen bytes of its own at the end (nbtree.h, `BTPageOpaqueData`).
    static let btreeRoom = room - 16
    /// `MaxHeapTuplesPerPage`: no page of a table has more rows.
    static let mostRows = 291
    /// From here on the server moves large values elsewhere (manual, 73.2 "TOAST").
    static let toastThreshold = 2_032
}

/// Rows of some hundred whole pages of a table, evenly over all of it.
///
/// TABLESAMPLE does not say how many pages it took, and those without a row that is alive do not show; asking for every
/// possible row of chosen pages (`ctid = any (…)`, a TID scan) does.
struct PageSample: Sendable {
    let table: QualifiedName
    /// Of the whole table.
    let all: Double
    let taken: Double

    init(_ table: QualifiedName, all: Double, most: Double) {
        self.table = table
        self.all = all
        taken = min(all, most)
    }

    var isWhole: Bool { taken >= all }

    /// The alias that stands for a row; a column could be called by any plain one.
    static let row: SQL = "\(identifier: "the row itself")"

    /// `FROM … WHERE …` of the rows.
    var rows: SQL {
        guard !isWhole else { return "from only \(relation: table) \(Self.row)" }
        return """
            from only \(relation: table) \(Self.row)
            where \(Self.row).ctid = any (array(
                select format('(%s,%s)', floor(page * \(all / taken)::float8)::bigint, line)::tid
                from generate_series(0, \(Int(taken) - 1)::int) page, generate_series(1, \(PageLayout.mostRows)::int) line))
            """
    }
}
