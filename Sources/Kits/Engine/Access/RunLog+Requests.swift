import Maintenance
import Outside
import Store

/// What is said to the store about requests of programs that carry a key of their own.
enum RequestStatement: String, StatementSet {
    case request = "select * from api_request where account = :account and request_key = :request_key"
    case begin = """
        insert into api_request (account, request_key, digest, asked_at)
        values (:account, :request_key, :digest, :now) on conflict (account, request_key) do nothing
        """
    case answer = """
        update api_request set status = :status, answer = :answer
        where account = :account and request_key = :request_key
        """
    case forget = "delete from api_request where account = :account and request_key = :request_key"
    case forgetOld = "delete from api_request where asked_at < :before"
}

/// What is known of a request that carries a key.
package enum KnownRequest: Sendable, Hashable {
    /// Nobody has asked so: the caller goes on, and writes its answer down.
    case new
    /// Somebody is at it.
    case running
    /// It was answered; the answer is as `answer(request:)` was given it.
    case answered(status: Int, answer: String)
    /// The key was used for something else.
    case other
}

extension RunLog {
    /// How long the answer to a request is given again to whoever asks the same again.
    package static let requestsCountFor: Duration = .seconds(86_400)

    /// Takes a key for a request, in one transaction with the look whether it is taken.
    ///
    /// - Parameter digest: of everything that is asked, so that a key is not used for two things.
    package func begin(request key: String, of account: String, digest: String) async throws -> KnownRequest {
        let now = clock.now()
        return try await store.write { writer in
            try writer.run(RequestStatement.forgetOld, ["before": now - Self.requestsCountFor])
            let place: [String: any StoreConvertible] = ["account": account, "request_key": key]
            if try writer.run(RequestStatement.begin, place.merging(["digest": digest, "now": now]) { $1 }) > 0 {
                return .new
            }
            guard let row = try writer.reader.first(RequestStatement.request, place) else { return .running }
            guard try row.get("digest", as: String.self) == digest else { return .other }
            guard let status: Int = try row.get("status"), let answer: String = try row.get("answer") else {
                return .running
            }
            return .answered(status: status, answer: answer)
        }
    }

    package func answer(request key: String, of account: String, status: Int, _ answer: String) async throws {
        try await store.write { writer in
            try writer.run(
                RequestStatement.answer,
                ["account": account, "request_key": key, "status": status, "answer": answer])
        }
    }

    /// It came to nothing, and may be asked again.
    package func forget(request key: String, of account: String) async throws {
        try await store.write { writer in
            try writer.run(RequestStatement.forget, ["account": account, "request_key": key])
        }
    }
}
