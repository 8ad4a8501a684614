import Command
import Engine
import Glibc
import Maintenance
import Outside
import Settings
import Web

/// `DELETE /rest/v1/TABLE?COLUMN=lt.TIME`, as scripts written for PostgREST send it: a run of `data retain`, which removes
/// what the policy of that table lets go and nothing else. In a protected environment nobody has seen the plan by then, so
/// that it takes people's approval: the verb confirms nothing.
enum RetentionRequests {
    private static let task = "data.retain"
    /// For how long somebody waits for the answer that it is done.
    static let patience: Duration = .seconds(20)
    /// So far ahead a client's clock may be: of what is meant, what the policy lets go by our own goes.
    private static let skew: Duration = .seconds(300)

    /// Why nothing was started.
    private struct Broken: Error {
        var status: Int
        var problem: String
        var hint: String
    }

    /// The rule that lets rows go, of which database, and from before when they are.
    private struct Asked {
        var target: Target
        var rule: RetentionRule
        var before: Timestamp
    }

    static func delete(_ visit: Visit) async throws -> WebResponse {
        guard let name = visit.site.inventory.server?.functions?.environment,
            let environment = visit.site.inventory[environment: name]
        else {
            throw Refusal.unanswered(
                "no environment is configured whose rows could be removed",
                hint: "Name it under 'server.functions.environment'.")
        }
        try visit.hold(.operator, in: environment.name)
        guard let visitor = visit.visitor else { throw Refusal.notFound }
        do {
            let asked = try asked(visit, environment)
            return try await carryOut(asked, visit, visitor)
        } catch let broken as Broken {
            return Answers.problem(broken.status, "retention.asked", broken.problem, broken.hint)
        }
    }

    // MARK: What is asked

    private static func asked(_ visit: Visit, _ environment: Environment) throws -> Asked {
        guard visit.request.body.isEmpty else {
            throw Broken(status: 400, problem: "a body means nothing here", hint: "Say in the address what is meant.")
        }
        try refuseWishes(visit.request)
        let (target, rule) = try rule(visit, environment)
        let only = "Only '\(rule.column)=lt.TIME' and '\(rule.column)=lte.TIME' are understood."
        guard !visit.request.query.isEmpty else {
            throw Broken(status: 400, problem: "without a filter every row would be meant", hint: only)
        }
        if let name = visit.request.repeated.min() {
            throw Broken(status: 400, problem: "'\(name.printable)' stands there several times", hint: only)
        }
        guard visit.request.query.count == 1, let filter = visit.request.query.first else {
            let others = visit.request.query.keys.filter { $0 != rule.column }.sorted().map { "'\($0.printable)'" }
            throw Broken(
                status: 400,
                problem:
                    "\(others.joined(separator: ", ")) would have to be passed over, and other rows be removed than "
                    + "are asked for", hint: only)
        }
        guard filter.key == rule.column else {
            throw Broken(
                status: 422,
                problem:
                    "the policy of '\(rule.name)' is about '\(rule.column)' and not about '\(filter.key.printable)'",
                hint: only)
        }
        let wanted = try instant(filter.value, only)
        let latest = rule.keep.before(visit.now)
        guard wanted <= latest + skew else {
            throw Broken(
                status: 422,
                problem:
                    "the policy keeps rows of '\(rule.name)' for \(rule.keep): those from before \(latest.iso8601) "
                    + "may go",
                hint: "Ask for older rows, or keep them for less under 'retention'.")
        }
        return Asked(target: target, rule: rule, before: min(wanted, latest))
    }

    /// What a client may want of the answer (RFC 7240; PostgREST, "Preferences"): nothing is passed over.
    private static func refuseWishes(_ request: WebRequest) throws(Broken) {
        for field in request.headers where field.name == "prefer" {
            for wish in field.value.split(separator: ",").map({ $0.trimmingWhitespace() })
            where !["", "return=minimal"].contains(wish.lowercased()) {
                throw Broken(
                    status: 400, problem: "'Prefer: \(wish.printable)' is not done here",
                    hint: "Leave it out; a dry run is 'POST /api/v1/tasks/\(task)/runs' with 'dryRun'.")
            }
        }
    }

    private static func rule(_ visit: Visit, _ environment: Environment) throws -> (Target, RetentionRule) {
        let table = visit.value(0)
        let schema = visit.request[header: "content-profile"] ?? "public"
        let found = environment.resources.flatMap { resource in
            resource.retention.filter { $0.schema == schema && $0.table == table }.map { (resource, $0) }
        }
        guard let (resource, rule) = found.first else {
            throw Refusal.unanswered(
                "no policy says how long rows of '\(schema.printable).\(table.printable)' are kept",
                hint: "Name the table under 'retention' of its database, with 'column' and 'keep'.")
        }
        guard found.count == 1 else {
            let names = found.map(\.0.name).joined(separator: ", ")
            throw Broken(
                status: 422, problem: "several databases of '\(environment.name)' have a policy for it (\(names))",
                hint: "Start 'POST /api/v1/tasks/\(task)/runs' instead.")
        }
        return (Target(environment: environment.name, resource: resource.name), rule)
    }

    /// `lt.2026-10-23T12:00:00Z`; rows from before it are meant, so that `lte` is the next microsecond.
    private static func instant(_ value: String, _ only: String) throws(Broken) -> Timestamp {
        let halves = value.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard halves.count == 2, let word = halves.first, let text = halves.last, word == "lt" || word == "lte" else {
            let shown = String((halves.first ?? value).prefix(40)).printable
            throw Broken(
                status: 400,
                problem: ["gt", "gte", "not", "neq"].contains(shown)
                    ? "'\(shown)' would remove rows that are younger, which no policy lets go"
                    : "'\(shown)' is no comparison with a time that older rows are told by", hint: only)
        }
        let isDay = text.utf8.count == 10
        guard let time = Timestamp(rfc3339: isDay && word == "lt" ? "\(text)T00:00:00Z" : text), time.seconds > 0 else {
            throw Broken(
                status: 400, problem: "'\(String(text.prefix(60)).printable)' is no time",
                hint: "Write it as 2026-10-23T12:00:00Z; a '+' is '%2B' in an address.")
        }
        return word == "lte" ? time + .microseconds(1) : time
    }

    // MARK: What comes of it

    private static func carryOut(_ asked: Asked, _ visit: Visit, _ visitor: Visitor) async throws -> WebResponse {
        let site = visit.site
        let parsed = try site.session.application.catalog.entry(task)
            .parse(["--table=\(asked.rule.name)", "--before=\(asked.before.iso8601)"])
        let request = RunRequest(
            name: task, steps: [RunRequest.Step(parsed, on: asked.target)],
            requester: visitor.requester(process: getpid()))
        let id = try await site.desk.accept(
            .begin(request), of: [asked.target.environment], isChanging: true, site.inventory,
            token: visitor.token, targets: [asked.target], at: visit.now)
        let end = site.desk.end(of: id)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in end { break } }
            // It throws where it is cancelled, and then the wait is over too.
            group.addTask { try? await site.clock.sleep(for: patience) }
            await group.next()
            group.cancelAll()
        }
        let standing = site.desk.standing(of: id)?.standing
        if case .refused(let report) = standing {
            return Answers.problem(409, report.code, report.problem, report.hint)
        }
        guard standing == nil, let step = try await site.log.steps(of: id).first else {
            return try accepted(id, standing ?? .runs)
        }
        return try answer(step, asked, id)
    }

    private static func answer(_ step: StepRecord, _ asked: Asked, _ id: String) throws -> WebResponse {
        switch step.state {
        case .succeeded:
            let left = (step.observation?.evidence ?? [:]).filter { $0.key.hasPrefix("left of ") }
            for case .integer(let rows) in left.values where rows > 0 {
                return problem(
                    id, 409, "retention.rest", "\("row".counted(Int(rows))) are left for the next run",
                    "Ask again for the rest.")
            }
            return WebResponse(204)
        case .waiting, .pending, .running: return try accepted(id, .runs)
        default:
            let error = step.error
            let hint =
                error?.code == "policy.needs-confirmation"
                ? "A request confirms nothing: let people approve it by a rule of 'approvals' with 'tasks: [data retain]', "
                    + "or let a routine do it."
                : error?.hint
            return problem(
                id, error?.exitStatus == .unreachable ? 503 : 409, error?.code ?? "retention.\(step.state.rawValue)",
                error?.problem ?? "the run ended as '\(step.state.rawValue)'",
                hint ?? "Look at the run; 'mainstay runs' lists it.")
        }
    }

    private static func accepted(_ id: String, _ standing: RunDesk.Standing) throws -> WebResponse {
        var response = try WebResponse(202, json: AcceptedRun(id, standing))
        response.set("Location", "/api/v1/runs/\(id.urlComponent)")
        return response
    }

    private static func problem(
        _ id: String, _ status: Int, _ code: String, _ problem: String, _ hint: String?
    ) -> WebResponse {
        var response = Answers.problem(status, code, problem, hint)
        response.set("Location", "/api/v1/runs/\(id.urlComponent)")
        return response
    }
}
