import Command
import Engine
import Maintenance
import Outside
import Settings
import Web

/// `POST /functions/v1/NAME` with an `action`, as scripts written for an application's own functions ask: answered from the
/// runs of Mainstay's tasks, each figure with the run it came from, or by the function itself where the configuration says
/// where it is. What no run has looked at is not answered.
enum Functions {
    /// What one action is answered by.
    private typealias Action = @Sendable (Question) async throws -> JSONValue

    private static let known: [String: [String: Action]] = [
        "production-monitoring": [
            "system_status": HealthFunctions.status, "health_check": HealthFunctions.status,
            "performance_report": HealthFunctions.performance,
        ],
        "database-scalability": [
            "health_check": HealthFunctions.databases, "performance_analysis": HealthFunctions.databasePerformance,
            "database_metrics": HealthFunctions.databaseMetrics,
            "scalability_report": HealthFunctions.scalability,
            "index_recommendations": AdviceFunctions.indexes, "query_optimization": AdviceFunctions.queries,
        ],
        "error-tracking": [
            "health_check": LogFunctions.analytics, "get_error_analytics": LogFunctions.analytics,
            "get_error_trends": LogFunctions.trends,
        ],
        "gdpr-compliance": [
            "health_check": RetentionFunctions.status, "retention_status": RetentionFunctions.status,
        ],
    ]

    /// What somebody asks, with all that answers it.
    struct Question: Sendable {
        var visit: Visit
        var environment: Environment
        var action: String
        var body: [String: JSONValue]

        var log: RunLog { visit.site.log }

        /// `24h`, `7d`; what is asked for with another member is refused, since nothing is accepted and ignored.
        /// At most a month, as measurements are given elsewhere.
        func window() throws(Refusal) -> Duration {
            guard let value = body["time_window"] else { return .seconds(86_400) }
            guard let text = value.text, let window = Duration(text), window > .zero, window <= .seconds(744 * 3_600)
            else { throw visit.wrong("time_window", "it is a duration such as '24h' or '7d', at most 31d") }
            return window
        }

        func allow(_ members: String...) throws(Refusal) {
            for name in body.keys.sorted() where name != "action" && !members.contains(name) {
                throw visit.wrong(name, "it means nothing to the action '\(action)'")
            }
        }

        /// The newest step of a task here; 404 with a hint where there is none.
        func step(of task: String) async throws -> StepRecord {
            guard let step = try await log.lastStep(of: task, in: environment.name), step.observation != nil else {
                throw Refusal.unanswered(
                    "no run of '\(Pieces.command(task))' has looked at '\(environment.name)'",
                    hint:
                        "Run 'mainstay \(Pieces.command(task)) --environment \(environment.name)', or have a routine do it."
                )
            }
            return step
        }
    }

    static func answer(_ visit: Visit) async throws -> WebResponse {
        let name = visit.value(0)
        guard let settings = visit.site.inventory.server?.functions, let environment = settings.environment,
            let place = visit.site.inventory[environment: environment]
        else {
            throw Refusal.unanswered(
                "no functions are configured here", hint: "Name an environment under 'server.functions.environment'.")
        }
        try visit.hold(.viewer, in: place.name)
        guard let json = JSONValue(visit.request.body) else { throw Refusal.malformed("the body is no JSON") }
        guard let body = json.object else { throw Refusal.malformed("the body is \(json.kind) and not an object") }
        if let endpoint = settings.endpoints[name] {
            return try await FunctionCall(name, in: place.name, endpoint).answer(visit, action: body["action"]?.text)
        }
        guard let actions = known[name] else {
            let names = Array(known.keys) + settings.endpoints.keys
            throw Refusal.unanswered(
                "there is no function '\(name.printable)'",
                hint: nearest(to: name, among: names).map { "Did you mean '\($0)'?" }
                    ?? "A function of the application's own is named under 'server.functions.endpoints'.")
        }
        guard let word = body["action"]?.text else { throw visit.wrong("action", "it has to be said what is asked") }
        guard let action = actions[word] else {
            throw Refusal.members([
                Refusal.Member(
                    pointer: "/action",
                    detail: "the function '\(name)' has no action '\(word.printable)' that a task answers",
                    hint: nearest(to: word, among: Array(actions.keys)).map { "Did you mean '\($0)'?" }
                        ?? "There are \(actions.keys.sorted().joined(separator: ", ")); name the application's own "
                        + "function under 'server.functions.endpoints'.")
            ])
        }
        let question = Question(visit: visit, environment: place, action: word, body: body)
        let result = try await action(question)
        return try WebResponse(
            json: [
                "success": true, "function": .text(name), "action": .text(word), "environment": .text(place.name),
                "result": result,
            ] as JSONValue)
    }
}

/// A function of the application's own, asked where the configuration says it is.
struct FunctionCall: Sendable {
    let name: String
    let environment: String
    let endpoint: FunctionEndpoint

    init(_ name: String, in environment: String, _ endpoint: FunctionEndpoint) {
        self.name = name
        self.environment = environment
        self.endpoint = endpoint
    }

    /// What a function says about whoever asked it is about us: to the caller it would be about their token.
    private static let notForCallers: Set<Int> = [401, 403, 407, 429]

    /// Asks with the server's own token, which may do whatever the function lets it: for those alone who may start what
    /// changes something, and with an entry in the trail before and after.
    func answer(_ visit: Visit, action: String?) async throws -> WebResponse {
        try visit.hold(.operator, in: environment)
        if let scopes = visit.visitor?.scopes, !scopes.contains(.run) { throw Refusal.outOfScope(.run) }
        let log = visit.site.log(for: visit.visitor)
        let asked: Facts = [
            "action": .text(String((action ?? "").prefix(200))), "body": .text(Keys.digest(visit.request.body)),
        ]
        try await log.noteCalled(
            function: name, in: environment, detail: asked.merging(["state": "asked"]) { $1 })
        let response: WebResponse
        do {
            response = try await ask(visit)
        } catch {
            let code = ErrorReport(error).code
            try await despiteCancellation {
                try await log.noteCalled(
                    function: name, in: environment,
                    detail: asked.merging(["state": "not answered", "error": .text(code)]) { $1 })
            }
            throw error
        }
        try await despiteCancellation {
            try await log.noteCalled(
                function: name, in: environment,
                detail: asked.merging(["state": "answered", "status": Scalar(response.status)]) { $1 })
        }
        return response
    }

    /// Passes on what was asked and what was answered, and of neither a header: the caller's token is for us alone.
    private func ask(_ visit: Visit) async throws -> WebResponse {
        let programs = visit.site.session.application.programs
        let url = try await endpoint.url.resolve(with: programs).reveal()
        let token = try await endpoint.token?.resolve(with: programs).reveal()
        let observation: HTTPObservation
        do {
            var probe = HTTPProbe(try HTTPTarget(url), method: .post, timeLimit: endpoint.timeout)
            probe.headers = [try HTTPProbe.Header(name: "Content-Type", value: Secret("application/json"))]
            if let token {
                probe.headers.append(try HTTPProbe.Header(name: "Authorization", value: Secret("Bearer \(token)")))
            }
            probe.content = visit.request.body
            probe.reach = endpoint.isPrivate ? .notLinkLocal : .publicOnly
            observation = try await HTTPProber(clock: visit.site.clock).observe(probe)
        } catch let error as HTTPError {
            // Its address may hold a secret.
            return Answers.problem(502, "function.unreachable", "the function could not be asked (\(error.code))")
        }
        guard let response = observation.response, (200...599).contains(response.status) else {
            return Answers.problem(502, "function.untrusted", "the function's certificate is not trusted")
        }
        guard !Self.notForCallers.contains(response.status) else {
            return Answers.problem(
                502, "function.refused", "the function refused the server's request with status \(response.status)",
                "Whoever configured it looks at its 'token'.")
        }
        guard let json = JSONValue(Array(response.body)) else {
            return Answers.problem(
                502, "function.answer", "the function answered with status \(response.status) and no JSON")
        }
        return try WebResponse(response.status == 204 || response.status == 304 ? 200 : response.status, json: json)
    }
}
