import Engine
import Maintenance
import PostgreSQL
import Settings

extension Check {
    static let schemaIntegrity = Check(
        CheckSchema(
            name: "schema.integrity", summary: "whether the schema is the one that was accepted",
            timeout: .seconds(120), every: .seconds(3_600), guideKeys: ["schema_integrity"]),
        code: schemaIntegrityCode,
        title: "Schema integrity",
        kind: .postgresql,
        explanation: """
            Lists all that the database's schema is (tables, columns, constraints, indexes, views, routines, triggers, \
            policies, grants, owners, settings, …) and compares the digest of that with the one a person has accepted. A \
            difference is a column somebody added by hand, a lost index, a grant too many, or a deployment that nobody \
            accepted yet; the finding names the objects. 'mainstay health accept-schema' shows the difference and accepts \
            it. Before the first acceptance there is nothing to compare with, and the check is never green. Rows, \
            statistics and the cluster's roles are not part of it.
            """,
        source: "https://www.postgresql.org/docs/current/catalogs.html",
        mend: "mainstay health accept-schema --environment {environment}"
    ) { context in
        let look = context.look
        let settings = context.resource.connectionSettings(applicationName: "mainstay survey \(look.runID)")
        let listing = try await CatalogListing.read(try await look.address(context.resource), settings: settings)
        let mend = "mainstay health accept-schema --environment \(context.target.environment)"
        var reading = Reading()
        reading.evidence = ["digest": .text(listing.digest), "entries": Scalar(listing.entries.count)]
        guard let accepted = try await AcceptedSchema.read(look.log, context.target) else {
            reading.state = .unknown
            reading.summary = "no accepted schema"
            reading.findings = [
                Finding(
                    code: schemaIntegrityCode, severity: .info, target: context.target, summary: "no accepted schema",
                    evidence: reading.evidence, mend: mend)
            ]
            return reading
        }
        let acceptance = "accepted by \(accepted.baseline.acceptedBy.printable), \(accepted.baseline.acceptedAt)"
        reading.evidence["accepted digest"] = .text(accepted.baseline.digest)
        reading.evidence["accepted"] = .text(acceptance)
        switch accepted.comparison(with: listing) {
        case .same:
            reading.state = .passed
            reading.summary = "the schema is the one \(acceptance)"
        case .incomparable:
            reading.state = .unknown
            reading.summary = "the schema was accepted by a Mainstay that listed it differently"
            reading.findings = [
                Finding(
                    code: schemaIntegrityCode, severity: .info, target: context.target,
                    summary: reading.summary ?? "", evidence: reading.evidence, mend: mend)
            ]
        case .different(let differences):
            reading.state = .warning
            let first = differences.prefix(3).map(\.short).joined(separator: "; ")
            let rest = differences.count > 3 ? "; and \(differences.count - 3) more" : ""
            reading.summary =
                "\(differences.count) difference\(differences.count == 1 ? "" : "s") from the schema \(acceptance): "
                + first + rest
            for (index, difference) in differences.prefix(20).enumerated() {
                reading.evidence["difference \((index + 1).padded(2))"] = .text(difference.description)
            }
            reading.evidence["differences"] = Scalar(differences.count)
        }
        return reading
    }
}

private let schemaIntegrityCode = "HC013"

extension CatalogDifference {
    /// `column "public"."events"."note" is new`, without the definitions; safe to print.
    var short: String {
        let verb = was == nil ? "is new" : self.is == nil ? "is gone" : "has changed"
        return "\(CatalogEntry(kind: kind, name: name, fact: "").object) \(verb)"
    }
}
