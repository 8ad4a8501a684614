import Command
import Engine
import Maintenance
import Outside
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
        let request = RequestKey(account: visitor.account.name, token: visitor.token ?? "", key: key)
        let digest = Keys.digest(content(visit, visitor))
        switch try await log.begin(request, digest: digest) {
        case .new: break
        case .running: throw Refusal.conflict("the same request is being answered; ask again in a while")
        case .other:
            throw Refusal.unusable("this 'Idempotency-Key' was used for another request, or with other rights")
        case .answered(let status, let answer):
            if try await isKnown(answer, visit) { return try again(status, answer) }
            // The run that was promised is nowhere: its state was put back, or it was kept no longer.
            try await log.forget(request)
            guard try await log.begin(request, digest: digest) == .new else {
                throw Refusal.conflict("the same request is being answered; ask again in a while")
            }
        }
        let response: WebResponse
        do {
            response = try await body(visit)
        } catch let refusal as Refusal {
            // Nothing was done, so that it may be asked again when it is right.
            try await despiteCancellation { try await log.forget(request) }
            throw refusal
        } catch {
            // It may have been done, and only what came after it went wrong.
            let trouble = Answers.trouble(error, visit.request)
            let report = ErrorReport(error)
            let isTold = trouble.status != 500 && !Answers.isOfTheHouse(error)
            let told = Answers.problem(
                trouble.status, report.code, isTold ? report.problem : "something went wrong here",
                "What was asked for may have been done all the same: look how it stands, then ask with another key.")
            try await despiteCancellation { try await keep(told, of: request, log) }
            throw error
        }
        try await despiteCancellation { try await keep(response, of: request, log) }
        return response
    }

    /// All that is asked, and by what right: whoever may do less by now is not told what was done when they might more.
    private static func content(_ visit: Visit, _ visitor: Visitor) -> [UInt8] {
        let scopes = visitor.scopes?.map(\.rawValue).sorted().joined(separator: ",") ?? "-"
        var content = Array("\(visit.request.method.rawValue) \(visit.request.location)\n".utf8)
        content += Array("\(visitor.grants.text)\n\(scopes)\n".utf8)
        return content + visit.request.body
    }

    private static func keep(_ response: WebResponse, of request: RequestKey, _ log: RunLog) async throws {
        guard case .bytes(let bytes) = response.body else { return }
        let kept = Kept(
            body: String(decoding: bytes, as: UTF8.self), type: response[header: "content-type"],
            location: response[header: "location"])
        try await log.answer(request, status: response.status, try JSONText.make(kept))
    }

    /// Whether what an answer promised is still there: a run that was only accepted is in no log.
    private static func isKnown(_ answer: String, _ visit: Visit) async throws -> Bool {
        let beginning = "/api/v1/runs/"
        guard let location = JSONValue(Array(answer.utf8))?["location"]?.text, location.hasPrefix(beginning) else {
            return true
        }
        let id = String(location.dropFirst(beginning.count))
        if visit.site.desk.standing(of: id) != nil { return true }
        if try await visit.site.log.order(id) != nil { return true }
        do { return try await visit.site.log.run(id).id == id } catch is EngineError { return false }
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
