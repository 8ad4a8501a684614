import Engine
import Foundation
import Maintenance
import PostgreSQL

/// The catalog a person has accepted for a database, as the store keeps it.
struct AcceptedSchema: Sendable {
    /// What the baseline is called in the store.
    static let subject = "catalog"

    let baseline: Baseline
    /// Nil where the listing cannot be read any more, because another version of Mainstay wrote it.
    let listing: CatalogListing?

    init(_ baseline: Baseline) {
        self.baseline = baseline
        do {
            listing = try JSONDecoder().decode(CatalogListing.self, from: Data(baseline.content.utf8))
        } catch {
            listing = nil
        }
    }

    static func read(_ log: RunLog, _ target: Target) async throws -> AcceptedSchema? {
        try await log.baseline(subject, target).map(AcceptedSchema.init)
    }

    static func baseline(
        _ listing: CatalogListing, at target: Target, by person: String, _ now: Timestamp
    ) throws -> Baseline {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let content = String(decoding: try encoder.encode(listing), as: UTF8.self)
        return Baseline(
            subject: subject, target: target, digest: listing.digest, content: content, acceptedBy: person,
            acceptedAt: now)
    }

    func comparison(with now: CatalogListing) -> Comparison {
        guard now.digest != baseline.digest else { return .same }
        guard let listing else { return .incomparable }
        let differences = now.differences(from: listing)
        // The same entries under another digest: the way of digesting has changed.
        return differences.isEmpty ? .incomparable : .different(differences)
    }

    enum Comparison: Sendable, Hashable {
        case same
        case different([CatalogDifference])
        /// Accepted by a Mainstay that listed catalogs differently.
        case incomparable
    }
}
