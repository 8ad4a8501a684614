import Maintenance
import Outside
import Store

/// What holds say to the store. One row for each environment that is on hold; who held and released what, when and why is
/// in the audit trail.
enum HoldStatement: String, StatementSet {
    case all = "select content from hold order by environment"
    case one = "select content from hold where environment = :environment"
    case insert = "insert into hold (environment, content) values (:environment, :content)"
    case delete = "delete from hold where environment = :environment"
}

extension RunLog {
    /// What is on hold, everything first; those that are over by themselves too.
    package func holds() async throws -> [Hold] {
        try await store.read { reader in
            try reader.rows(HoldStatement.all).map { try $0.get("content", as: StoredJSON<Hold>.self).value }
        }
    }

    /// Throws `HoldError.alreadyHeld` where one is there that is not over.
    package func hold(_ hold: Hold) async throws {
        let now = clock.now()
        try await store.write { writer in
            let key = ["environment": hold.environment]
            let old = try writer.reader.first(HoldStatement.one, key)
                .map { try $0.get("content", as: StoredJSON<Hold>.self).value }
            if let old, !old.isOver(at: now) { throw HoldError.alreadyHeld(old) }
            try writer.run(HoldStatement.delete, key)
            try writer.run(
                HoldStatement.insert, ["environment": hold.environment, "content": StoredJSON(hold)])
            var detail: Facts = ["reason": .text(hold.reason)]
            if let until = hold.until { detail["until"] = .text(until.iso8601) }
            try note(
                AuditDraft(
                    kind: .held, target: Target(environment: hold.environment), subject: hold.what, detail: detail),
                at: now, in: writer)
        }
    }

    /// - Parameter environment: empty for the hold of everything.
    /// - Returns: what was on hold; throws `HoldError.nothingHeld` where nothing was, or it was over by itself.
    package func release(_ environment: String, reason: String?) async throws -> Hold {
        let now = clock.now()
        return try await store.write { writer in
            let key = ["environment": environment]
            let old = try writer.reader.first(HoldStatement.one, key)
                .map { try $0.get("content", as: StoredJSON<Hold>.self).value }
            guard let old, !old.isOver(at: now) else { throw HoldError.nothingHeld(environment) }
            try writer.run(HoldStatement.delete, key)
            try note(
                AuditDraft(
                    kind: .released, target: Target(environment: environment), subject: old.what,
                    detail: reason.map { ["reason": .text($0)] } ?? [:]),
                at: now, in: writer)
            return old
        }
    }
}
