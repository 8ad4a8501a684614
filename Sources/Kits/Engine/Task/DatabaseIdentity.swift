import Maintenance
import PostgreSQL

/// What a database really is, found and not configured: the cluster's own identifier, which a copy of its files keeps,
/// and the database's oid and name in it.
package enum DatabaseIdentity {
    package static func facts(_ session: SurveySession) async throws -> Facts {
        let server = try await ServerFacts(session)
        return [
            "system identifier": server.systemIdentifier.map(Scalar.text) ?? .null,
            "database oid": .integer(Int64(server.databaseOID)), "database": .text(server.database),
        ]
    }
}
