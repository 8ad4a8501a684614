import Maintenance
import Outside
import Store

/// What Mainstay remembers of databases it may not reach later.
enum IdentityStatement: String, StatementSet {
    case keep = """
        insert into database_identity (environment, resource, access, system_identifier, seen_at)
        values (:environment, :resource, :access, :system_identifier, :seen_at)
        on conflict (environment, resource) do update set access = excluded.access,
            system_identifier = excluded.system_identifier, seen_at = excluded.seen_at
        """
    case find = """
        select * from database_identity where environment = :environment and resource = :resource and access = :access
        """
}

extension RunLog {
    /// Written once an hour at most; nothing that hangs on it is finer.
    func keepIdentity(_ identifier: String, of target: Target, access: String) async throws {
        let now = clock.now()
        if let (old, at) = try await identity(of: target, access: access), old == identifier, at <= now,
            now - at < .seconds(3_600)
        {
            return
        }
        try await store.write { writer in
            try writer.run(
                IdentityStatement.keep,
                [
                    "environment": target.environment, "resource": target.resource, "access": access,
                    "system_identifier": identifier, "seen_at": now,
                ])
        }
    }

    /// The system identifier it had when it was seen last, by this way of reaching it.
    func identity(of target: Target, access: String) async throws -> (identifier: String, seenAt: Timestamp)? {
        try await store.read { reader in
            try reader.first(
                IdentityStatement.find,
                ["environment": target.environment, "resource": target.resource, "access": access]
            ).map { (try $0.get("system_identifier"), try $0.get("seen_at")) }
        }
    }
}
