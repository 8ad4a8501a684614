import Command
import Engine
import Maintenance
import Web

/// Lets programs ask again without anything being done twice: with an `Idempotency-Key` of their own the first answer is
/// given again for a day (draft-ietf-httpapi-idempotency-key-header).
enum RepeatedRequests {
    /// What is kept of an answer.
    private struct Kept: Codable {
        var body: String
        var type: String?
        var location: String?
    }

    static func answer(
        _ visit: Visit, _ body: (Visit) async throws -> WebResponse
    ) async throws -> WebResponse {
        guard let key = visit.request[header: "idempotency-key"], let visitor = visit.visitor else {
            return try await body(visit)
        }
        guard (1...255).contains(key.utf8.count), key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw Refusal.malformed("an 'Idempotency-Key' has 1 to 255 characters, none of them a space")
        }
        let log = visit.site.log
        let account = visitor.account.name
        var content = Array("\(visit.request.method.rawValue) \(visit.request.location)\n".utf8)
        content += visit.request.body
        switch try await log.begin(request: key, of: account, digest: Keys.digest(content)) {
        case .new: break
        case .running: throw Refusal.conflict("the same request is being answered; ask again in a while")
        case .other: throw Refusal.unusable("this 'Idempotency-Key' was used for another request")
        case .answered(let status, let answer): return try again(status, answer)
        }
        let response: WebResponse
        do {
            response = try await body(visit)
        } catch {
            // Nothing was done, so that it may be asked again when it is right.
            try await log.forget(request: key, of: account)
            throw error
        }
        guard case .bytes(let bytes) = response.body else { return response }
        let kept = Kept(
            body: String(decoding: bytes, as: UTF8.self), type: response[header: "content-type"],
            location: response[header: "location"])
        try await log.answer(
            request: key, of: account, status: response.status, try JSONText.make(kept))
        return response
    }

    private static func again(_ status: Int, _ answer: String) throws -> WebResponse {
        guard let json = JSONValue(Array(answer.utf8)) else { throw Refusal.conflict("the first answer is lost") }
        var response = WebResponse(status, Array((json["body"]?.text ?? "").utf8))
        if let type = json["type"]?.text { response.set("Content-Type", type) }
        if let location = json["location"]?.text { response.set("Location", location) }
        response.set("Idempotency-Replayed", "true")
        return response
    }
}
