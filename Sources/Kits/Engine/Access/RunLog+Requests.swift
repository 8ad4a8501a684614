import Maintenance
import Outside
import Store

/// What is said to the store about requests of programs that carry a key of their own.
enum RequestStatement: String, StatementSet {
    case request = """
        select * from api_request where account = :account and token = :token and request_key = :request_key
        """
    case begin = """
        insert into api_request (account, token, request_key, digest, asked_at, process)
        values (:account, :token, :request_key, :digest, :now, :process)
        on conflict (account, token, request_key) do nothing
        """
    /// Of a process that has ended before it answered.
    case takeOver = """
        update api_request set digest = :digest, asked_at = :now, process = :process
        where account = :account and token = :token and request_key = :request_key
        """
    case answer = """
        update api_request set status = :status, answer = :answer
        where account = :account and token = :token and request_key = :request_key
        """
    case forget = """
        delete from api_request where account = :account and token = :token and request_key = :request_key
        """
    case forgetOld = "delete from api_request where asked_at < :before"
}

/// The key that a program gave its request, and whose it is.
package struct RequestKey: Sendable, Hashable {
    package var account: String
    /// The token's id; empty for somebody who has signed in.
    package var token: String
    package var key: String

    package init(account: String, token: String, key: String) {
        self.account = account
        self.token = token
        self.key = key
    }

    fileprivate var place: [String: any StoreConvertible] {
        ["account": account, "token": token, "request_key": key]
    }
}

/// What is known of a request that carries a key.
package enum KnownRequest: Sendable, Hashable {
    /// Nobody has asked so: the caller goes on, and writes its answer down.
    case new
    /// Somebody is at it.
    case running
    /// It was answered; the answer is as `answer(_:status:_:)` was given it.
    case answered(status: Int, answer: String)
    /// The key was used for something else.
    case other
}

extension RunLog {
    /// How long the answer to a request is given again to whoever asks the same again.
    package static let requestsCountFor: Duration = .seconds(86_400)

    /// Takes a key for a request, in one transaction with the look whether it is taken. One that a process took and did not
    /// live to answer is free.
    ///
    /// - Parameters:
    ///   - digest: of everything that is asked and by what right, so that a key is not used for two things.
    ///   - process: as `ProcessMark` writes it.
    package func begin(
        _ request: RequestKey, digest: String, process: String = ProcessMark.own()
    ) async throws -> KnownRequest {
        let now = clock.now()
        return try await store.write { writer in
            try writer.run(RequestStatement.forgetOld, ["before": now - Self.requestsCountFor])
            let mine: [String: any StoreConvertible] = ["digest": digest, "now": now, "process": process]
            let whole = request.place.merging(mine) { $1 }
            if try writer.run(RequestStatement.begin, whole) > 0 { return .new }
            guard let row = try writer.reader.first(RequestStatement.request, request.place) else { return .running }
            guard try row.get("digest", as: String.self) == digest else { return .other }
            guard let status: Int = try row.get("status"), let answer: String = try row.get("answer") else {
                guard ProcessMark.isOver(try row.get("process")) else { return .running }
                try writer.run(RequestStatement.takeOver, whole)
                return .new
            }
            return .answered(status: status, answer: answer)
        }
    }

    package func answer(_ request: RequestKey, status: Int, _ answer: String) async throws {
        try await store.write { writer in
            try writer.run(
                RequestStatement.answer, request.place.merging(["status": status, "answer": answer]) { $1 })
        }
    }

    /// It came to nothing, and may be asked again.
    package func forget(_ request: RequestKey) async throws {
        try await store.write { try $0.run(RequestStatement.forget, request.place) }
    }
}
