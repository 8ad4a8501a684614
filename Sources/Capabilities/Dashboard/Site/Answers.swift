import Engine
import Foundation
import Maintenance
import Outside
import Page
import Settings
import Web

/// What is answered where a page cannot be.
enum Answers {
    /// To a browser the way in; to a program what it needs.
    static func signIn(_ request: WebRequest) -> WebResponse {
        guard wantsPage(request) else {
            var response = problem(
                401, "access.required", "nobody has said who asks", "Send 'Authorization: Bearer' with a token.")
            response.set("WWW-Authenticate", "Bearer realm=\"mainstay\"")
            return response
        }
        guard request.method == .get || request.method == .head, !request.path.isEmpty else {
            return .see("/sign-in")
        }
        return .see("/sign-in?to=\(request.location.urlComponent)")
    }

    static func trouble(_ error: any Error, _ request: WebRequest) -> WebResponse {
        switch error {
        case Refusal.notFound:
            return page(
                request, 404, "not-found", "there is nothing here",
                wantsPage(request) ? "Begin at the overview." : "'/api/v1/openapi.json' says what there is.")
        case Refusal.forbidden(let role, let environment):
            let place = environment.isEmpty ? "" : " in '\(environment.printable)'"
            return page(
                request, 403, "access.forbidden", "this needs the role \(role.rawValue)\(place)",
                "Ask an admin: 'mainstay access invite NAME --role …'.")
        case Refusal.forged:
            return page(
                request, 403, "access.forged", "the form came from elsewhere or is too old",
                "Open the page again and send it from there.")
        case Refusal.unusable(let problem):
            return page(request, 422, "unusable", problem, "Go back and fill it in again.")
        case Refusal.outOfScope(let scope):
            return page(
                request, 403, "access.scope", "the token was not made for this ('\(scope.rawValue)')",
                "Make one: 'mainstay access token NAME --scope \(scope.rawValue) …'.")
        case Refusal.malformed(let problem):
            return page(request, 400, "request.malformed", problem, "Send JSON (RFC 8259) in UTF-8.")
        case Refusal.members(let members):
            return self.problem(
                422, "request.members", members.first?.detail ?? "the body does not do", members.first?.hint,
                members: members)
        case Refusal.unanswered(let problem, let hint): return page(request, 404, "function.unanswered", problem, hint)
        case Refusal.conflict(let problem):
            return page(request, 409, "conflict", problem, "Look how it stands, and ask again.")
        case Refusal.busy(let problem):
            var response = page(request, 429, "busy", problem, "Try again in a while.")
            response.set("Retry-After", "10")
            return response
        case Refusal.tooOften(let wait):
            var response = page(
                request, 429, "access.too-often", "there were too many attempts",
                "Try again in \(max(.seconds(1), wait).short).")
            response.set("Retry-After", String(max(1, Int(wait.inSeconds.rounded(.up)))))
            return response
        case is CancellationError:
            return page(request, 503, "stopping", "the server is being stopped", "Try again in a moment.")
        default:
            let report = ErrorReport(error)
            let status = report.code == "internal" ? 500 : report.isRetryable ? 503 : 409
            // What an unforeseen error says of itself is for the log of the house, not for strangers.
            guard report.code != "internal", !isOfTheHouse(error) else {
                return page(request, status, report.code, "something went wrong here", logHint)
            }
            return page(request, status, report.code, report.problem, report.hint)
        }
    }

    private static let logHint = "What it was is in the log of the server."

    /// Whether an error speaks of paths, secrets and settings of the server.
    static func isOfTheHouse(_ error: any Error) -> Bool {
        error is FileError || error is SecretError || error is LockFileError || error is ConfigurationError
            || error is ConfigurationFileError || error is MissingVariables || error is AlertLinksError
            || error is ProgramError
    }

    /// To somebody who has proved nothing.
    static func hidden(_ request: WebRequest) -> WebResponse {
        page(request, 503, "internal", "something went wrong here", logHint)
    }

    private static func page(
        _ request: WebRequest, _ status: Int, _ code: String, _ problem: String, _ hint: String?
    ) -> WebResponse {
        guard wantsPage(request) else { return self.problem(status, code, problem, hint) }
        let hint: HTML? = hint.map { "<p class=\"why\">\($0)</p>" }
        return WebResponse(
            status,
            html: Frame(
                title: "\(status)", visit: nil,
                body: """
                    <h1>\(status)</h1>
                    <div class="verdict warning">\(Standing.warning.mark)<div><p>\(problem)</p>\(hint)</div></div>
                    <p><a href="/">Overview</a></p>

                    """
            ).html)
    }

    static func wrongMethod(_ request: WebRequest) -> WebResponse {
        guard !wantsPage(request), request.path.first == "api" else {
            return WebResponse(405, text: "Method Not Allowed\n")
        }
        return problem(405, "request.method", "this address does not answer to \(request.method.rawValue)")
    }

    private static func wantsPage(_ request: WebRequest) -> Bool {
        guard !["api", "metrics", "functions", "rest", "ping"].contains(request.path.first) else { return false }
        return request[header: "accept"]?.containsBytes("text/html") ?? false
    }

    /// RFC 9457, "Problem Details for HTTP APIs".
    static func problem(
        _ status: Int, _ code: String, _ problem: String, _ hint: String? = nil, members: [Refusal.Member]? = nil
    ) -> WebResponse {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let details = ProblemDetails(
            type: "urn:mainstay:\(code)", title: problem, status: status, hint: hint, errors: members)
        // A structure of four texts and a number can always be written.
        let bytes = (try? encoder.encode(details)) ?? Data("{}".utf8)
        return WebResponse(status, Array(bytes), type: "application/problem+json")
    }
}

/// What went wrong, for programs (RFC 9457); `hint` and `errors` are ours.
struct ProblemDetails: Encodable {
    var type: String
    /// One clause.
    var title: String
    var status: Int
    /// What to do next.
    var hint: String?
    /// Each member of the body that does not do.
    var errors: [Refusal.Member]?
}
