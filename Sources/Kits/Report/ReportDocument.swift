import Engine
import Maintenance
import Page

/// A report as a value, whatever it is about: a verdict, then sections of tables, charts and sentences that show it. The
/// same material makes the same document, and a document the same bytes.
package struct ReportDocument: Codable, Hashable, Sendable {
    package var title: String
    package var madeAt: Timestamp
    /// What happened before is not told.
    package var since: Timestamp
    package var version: String
    package var runID: String
    package var requester: Requester
    package var standing: Standing
    /// The verdict, one clause without a full stop.
    package var sentence: String
    /// What the verdict rests on, a sentence.
    package var why: String
    /// A few numbers, each with what it counts.
    package var tiles: [Tile]
    /// Those without a block are left out.
    package var sections: [Section]
    /// The head of the audit trail when it was made.
    package var audit: String?

    package struct Tile: Codable, Hashable, Sendable {
        package var number: String
        package var what: String

        package init(_ number: String, _ what: String) {
            self.number = number
            self.what = what
        }
    }

    package struct Section: Codable, Hashable, Sendable {
        package var title: String
        package var blocks: [Block]

        package init(_ title: String, _ blocks: [Block]) {
            self.title = title
            self.blocks = blocks
        }
    }

    /// All texts are hostile.
    package enum Block: Codable, Hashable, Sendable {
        case paragraph(String)
        /// The listing's title stands above it where it is not empty. A row's standing, where it has one, is shown as its
        /// mark before the first cell.
        case table(Listing, standings: [Standing?])
        case chart(title: String, subtitle: String, unit: Measurement.Unit, lines: [ChartLine])
        /// A command to copy, or words.
        case remedy(String)
    }

    package struct ChartLine: Codable, Hashable, Sendable {
        package var name: String
        /// Oldest first.
        package var points: [ChartPoint]

        package init(_ name: String, _ points: [ChartPoint]) {
            self.name = name
            self.points = points
        }
    }

    package struct ChartPoint: Codable, Hashable, Sendable {
        package var at: Timestamp
        package var value: Double

        package init(at: Timestamp, value: Double) {
            self.at = at
            self.value = value
        }
    }

    /// - Parameter runID: of the run that makes it.
    package init(
        _ title: String, madeAt: Timestamp, since: Timestamp, runID: String, requester: Requester, standing: Standing,
        sentence: String,
        why: String, tiles: [Tile], sections: [Section], audit: AuditHead?
    ) {
        self.title = title
        self.madeAt = madeAt
        self.since = since
        version = Release.name
        self.runID = runID
        self.requester = requester
        self.standing = standing
        self.sentence = sentence
        self.why = why
        self.tiles = tiles
        self.sections = sections.filter { !$0.blocks.isEmpty }
        self.audit = audit?.description
    }
}
