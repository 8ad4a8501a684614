import Maintenance
import Outside
import Store

/// What a check has to know the next time it looks at the same thing: a counter as it was, how far a log was read.
extension RunLog {
    /// Empty before the first time.
    package func memory(of check: String, at target: Target) async throws -> Facts {
        try await store.read { reader in
            let key = ["check": check, "environment": target.environment, "resource": target.resource]
            guard let row = try reader.first(MemoryStatement.recall, key) else { return [:] }
            return try row.get("content", as: StoredJSON<Facts>.self).value
        }
    }

    /// In the place of what it was.
    package func remember(_ facts: Facts, of check: String, at target: Target) async throws {
        let now = clock.now()
        try await store.write { writer in
            try writer.run(
                MemoryStatement.remember,
                [
                    "check": check, "environment": target.environment, "resource": target.resource,
                    "content": facts.storedText, "written_at": now,
                ])
        }
    }
}

/// What is said to the store about what checks remember.
enum MemoryStatement: String, StatementSet {
    case recall = """
        select content from check_memory
        where name = :check and environment = :environment and resource = :resource
        """
    case remember = """
        insert into check_memory (name, environment, resource, content, written_at)
        values (:check, :environment, :resource, :content, :written_at)
        on conflict (name, environment, resource) do update set content = excluded.content,
            written_at = excluded.written_at
        """
}

/// Where it is kept: one row for each check that remembers something and each thing it looks at.
enum MemorySchema {
    static let migration = Migration(
        "engine.28",
        [
            """
            create table check_memory (
                name text not null, environment text not null, resource text not null, content text not null,
                written_at bigint not null,
                primary key (name, environment, resource)) {clustered}
            """
        ])
}
