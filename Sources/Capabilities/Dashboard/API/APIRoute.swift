import Command
import Engine
import Web

/// One address of the API: what it is for, what may be sent, and what is answered. Its entry in the OpenAPI document is made
/// from this value and from nothing else.
struct APIRoute: Sendable {
    var method: WebRequest.Method
    /// With its variables named: `/api/v1/runs/{run}`.
    var path: String
    /// One sentence.
    var summary: String
    var role: Role?
    var scope: TokenScope
    var parameters: [Parameter] = []
    /// What the body is described by; nil where there is none.
    var body: JSONValue?
    var answers: Answers
    /// Whether each task has an entry of its own, with its own options.
    var isPerTask = false
    var answer: @Sendable (Visit) async throws -> WebResponse

    /// What comes of it when all is well.
    enum Answers: Sendable {
        case json(status: Int, any (Decodable & Sendable).Type)
        case text(type: String)
        case stream
        case empty(status: Int)
    }

    /// What may stand behind the question mark.
    struct Parameter: Sendable {
        var name: String
        var schema: JSONValue
        var summary: String

        static let cursor = Parameter(
            name: "cursor", schema: ["type": "string"], summary: "What the page before gave as 'next'.")
        static let limit = Parameter(
            name: "limit", schema: ["type": "integer", "minimum": 1, "maximum": 200, "default": 50],
            summary: "Items of a page.")
        static let environment = Parameter(
            name: "environment", schema: ["type": "string"], summary: "Only what is in this one.")
    }

    init(
        _ method: WebRequest.Method, _ path: String, _ summary: String, _ role: Role?, scope: TokenScope = .read,
        parameters: [Parameter] = [], body: JSONValue? = nil, answers: Answers,
        answer: @escaping @Sendable (Visit) async throws -> WebResponse
    ) {
        self.method = method
        self.path = "/api/v1\(path)"
        self.summary = summary
        self.role = role
        self.scope = scope
        self.parameters = parameters
        self.body = body
        self.answers = answers
        self.answer = answer
    }

    /// The names of the variables, in their order.
    var variables: [String] {
        path.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().prefix { $0 != "}" }) }
    }

    var route: Route {
        let pattern = path.split(separator: "/").map { $0.hasPrefix("{") ? "*" : String($0) }.joined(separator: "/")
        var route = Route(method, pattern, role.map(Route.Access.role) ?? .everybody, answer: answer)
        route.scope = scope
        route.isOnce = method == .post
        return route
    }
}
