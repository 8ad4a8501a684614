import Command
import Engine
import Glibc
import Maintenance
import Settings
import Web

/// Runs, as programs ask for them and look at them.
enum RunRequests {
    /// What `POST /tasks/{task}/runs` takes.
    static func schema(options: JSONValue) -> JSONValue {
        [
            "type": "object", "additionalProperties": false,
            "properties": [
                "environments": [
                    "type": "array", "items": ["type": "string"],
                    "description": "Where; may be missing where there is one, or where the task is about the estate.",
                ],
                "options": options,
                "dryRun": [
                    "type": "boolean",
                    "description":
                        "Whether it only looks; false needs a token with the scope 'run' unless the task only looks.",
                ],
                "plan": [
                    "type": "string", "pattern": "^[0-9a-f]{12,64}$",
                    "description": "Do exactly the plan with this digest, or refuse with the difference.",
                ],
                "timeLimit": [
                    "type": "string", "examples": ["30m"],
                    "description": "No change starts later than this after its step began.",
                ],
            ],
            "required": ["dryRun"],
        ]
    }

    static func start(_ visit: Visit) async throws -> WebResponse {
        let task = try TaskActs.interface(visit.value(0), visit)
        guard let visitor = visit.visitor else { throw Refusal.notFound }
        let members = try visit.members(["environments", "options", "dryRun", "plan", "timeLimit"])
        guard case .boolean(let isDryRun)? = members["dryRun"] else {
            throw visit.wrong("dryRun", "it has to be said, true or false")
        }
        let isLooking = isDryRun || task.declaration.effect == .observes
        if !isLooking, let scopes = visitor.scopes, !scopes.contains(.run) { throw Refusal.outOfScope(.run) }
        let inventory = visit.site.inventory
        let names = try environments(members["environments"], task, visit)
        let targets = inventory.targets(of: task.declaration.subject, in: names)
        guard !targets.isEmpty else {
            throw visit.wrong("environments", "'\(task.declaration.command)' finds nothing to work on there")
        }
        for target in targets { try visit.hold(.operator, in: target.environment) }
        let options = members["options"] ?? .object([:])
        guard let json = options.object else {
            throw visit.wrong("options", "\(options.kind) stands where an object is needed")
        }
        let parsed: ParsedTask
        do { parsed = try task.parse(json) } catch {
            let pointer = error.key.map { "/options/\(Visit.pointer($0))" } ?? "/options"
            throw Refusal.members([Refusal.Member(pointer: pointer, detail: error.problem, hint: error.hint)])
        }
        try hold(parsed, visit)
        var request = RunRequest(
            name: task.declaration.name, isDryRun: isDryRun, steps: targets.map { RunRequest.Step(parsed, on: $0) },
            requester: visitor.requester(process: getpid()))
        if let plan = try visit.text("plan", in: members) {
            guard (12...64).contains(plan.utf8.count), plan.allSatisfy({ $0.isHexDigit && !$0.isUppercase }) else {
                throw visit.wrong("plan", "it is a digest: 64 hexadecimal digits, at least the first 12")
            }
            request.planDigest = plan
        }
        if let text = try visit.text("timeLimit", in: members) {
            guard let limit = Duration(text), limit > .zero else {
                throw visit.wrong("timeLimit", "it is a duration such as '30m'")
            }
            request.timeLimit = limit
        }
        let places = distinct(targets.map(\.environment))
        return try accepted(
            try await visit.site.desk.accept(
                .begin(request), of: places.isEmpty ? [""] : places, isChanging: !isLooking, inventory,
                token: visitor.token, at: visit.now), visit)
    }

    /// Whoever lets a task read of another place may do so there too.
    static func hold(_ task: ParsedTask, _ visit: Visit) throws {
        for target in task.task.reads { try visit.hold(.operator, in: target.environment) }
    }

    /// As the command line chooses them.
    private static func environments(_ value: JSONValue?, _ task: TaskInterface, _ visit: Visit) throws -> [String] {
        let known = visit.site.inventory.environments.map(\.name)
        guard let value, value != .null, value != .array([]) else {
            guard task.declaration.subject != .estate, known.count != 1 else { return known }
            throw visit.wrong("environments", "it was not said which are meant")
        }
        guard let list = value.array else {
            throw visit.wrong("environments", "\(value.kind) stands where a list is needed")
        }
        return try list.map { element in
            guard let name = element.text, known.contains(name), visit.sees(name) else {
                throw visit.wrong("environments", "there is no such environment")
            }
            return name
        }
    }

    private static func distinct(_ names: [String]) -> [String] {
        var seen: Set<String> = [""]
        return names.filter { seen.insert($0).inserted }
    }

    private static func accepted(_ id: String, _ visit: Visit) throws -> WebResponse {
        let standing = visit.site.desk.standing(of: id)?.standing ?? .runs
        var response = try WebResponse(202, json: AcceptedRun(id, standing))
        response.set("Location", "/api/v1/runs/\(id.urlComponent)")
        return response
    }

    static func all(_ visit: Visit) async throws -> WebResponse {
        let most = try visit.number("limit", 1...200, standard: 50)
        let only = try visit.chosenEnvironment()
        let begin = try visit.request.query["cursor"].map { text throws(Refusal) in try Visit.place(of: text) }
        var last: RunRecord?
        var shown: [RunRecord] = []
        // What others may see is passed over, a few pages at most: the cursor goes on where the search stopped.
        for _ in 1...10 {
            let page = try await page(after: last, begin, most, visit)
            for run in page where shown.count < most {
                last = run
                if sees(run, visit), only.map(run.environments.contains) ?? true { shown.append(run.seen(visit)) }
            }
            if page.count < most, shown.count < most { return try visit.answer(shown, next: nil) }
            if page.count < most || shown.count >= most { break }
        }
        return try visit.answer(shown, next: last.map { Visit.cursor(of: place($0, visit)) })
    }

    /// Where the next page begins: of a run that whoever asks may not see, the time alone.
    private static func place(_ run: RunRecord, _ visit: Visit) -> String {
        sees(run, visit) ? run.id : "\(instant)\(run.startedAt.microseconds)"
    }

    private static let instant = "at:"

    private static func page(
        after last: RunRecord?, _ begin: String?, _ most: Int, _ visit: Visit
    ) async throws -> [RunRecord] {
        let log = visit.site.log
        if let last { return try await log.runs(before: last.id, most: most) }
        guard let begin, begin.hasPrefix(instant) else { return try await log.runs(before: begin, most: most) }
        guard let time = Int64(begin.dropFirst(instant.count)) else {
            throw Refusal.unusable("'cursor' is none that a page gave as 'next'")
        }
        return try await log.runs(startedBefore: Timestamp(microseconds: time), most: most)
    }

    static func sees(_ run: RunRecord, _ visit: Visit) -> Bool { RunsPage.sees(run, visit) }

    static func one(_ visit: Visit) async throws -> WebResponse {
        guard let detail = try await detail(visit) else {
            let (id, standing) = try await known(visit)
            return try WebResponse(202, json: AcceptedRun(id, standing))
        }
        return try WebResponse(json: detail)
    }

    /// Nil where the run log has none of that id.
    static func detail(_ visit: Visit) async throws -> RunDetail? {
        let log = visit.site.log
        let run: RunRecord
        do { run = try await log.run(visit.value(0)) } catch is EngineError { return nil }
        guard run.id == visit.value(0), sees(run, visit) else { return nil }
        let steps = try await log.steps(of: run.id).filter { visit.sees($0.target.environment) }
        let numbers = Set(steps.map(\.number))
        let plans = steps.compactMap(\.plan)
        return RunDetail(
            run: run.seen(visit), steps: steps.map(StepDocument.init),
            changes: try await log.changes(of: run.id).filter { numbers.contains($0.step) },
            planDigest: plans.isEmpty ? nil : combinedDigest(plans))
    }

    /// One that was accepted and that the run log does not know.
    static func known(_ visit: Visit) async throws -> (String, RunDesk.Standing) {
        let id = visit.value(0)
        if let known = visit.site.desk.standing(of: id) {
            guard known.environments.contains(where: visit.sees) else { throw Refusal.notFound }
            return (id, known.standing)
        }
        guard let former = try await visit.site.desk.former(id), former.environments.contains(where: visit.sees) else {
            throw Refusal.notFound
        }
        return (id, former.standing)
    }

    static func cancel(_ visit: Visit) async throws -> WebResponse {
        let id = visit.value(0)
        _ = try visit.members([])
        let places: [String]
        if let detail = try await detail(visit) {
            places = detail.run.environments.isEmpty ? [""] : try await visit.site.log.run(id).environments
        } else {
            places = visit.site.desk.standing(of: try await known(visit).0)?.environments ?? []
        }
        for place in places { try visit.hold(.operator, in: place) }
        let notHere = Refusal.conflict("the run '\(id)' is not being carried out by this server")
        guard let known = visit.site.desk.standing(of: id), known.standing.isOpen else { throw notHere }
        if known.isChanging, let scopes = visit.visitor?.scopes, !scopes.contains(.run) {
            throw Refusal.outOfScope(.run)
        }
        var isWaiting = false
        if case .waits = known.standing { isWaiting = true }
        let log = visit.site.log(for: visit.visitor)
        try await log.noteCancelled(run: id, in: places.filter { !$0.isEmpty }, isWaiting: isWaiting)
        guard try await visit.site.desk.cancel(id) else { throw notHere }
        visit.site.session.leave(try await log.auditHead(), after: "the end of run \(id) was asked for")
        return try accepted(id, visit)
    }

    static func resume(_ visit: Visit) async throws -> WebResponse {
        guard try await detail(visit) != nil, let visitor = visit.visitor else { throw Refusal.notFound }
        let run = try await visit.site.log.run(visit.value(0))
        for place in run.environments.isEmpty ? [""] : run.environments { try visit.hold(.operator, in: place) }
        let members = try visit.members(["decision", "change"])
        var decision: Decision?
        if let word = try visit.text("decision", in: members) {
            guard let known = Decision(rawValue: word) else {
                throw visit.wrong("decision", "it is 'done' or 'not-done'")
            }
            decision = known
        }
        var place: ChangePlace?
        if let word = try visit.text("change", in: members) {
            guard let known = ChangePlace(word), decision != nil else {
                throw visit.wrong("change", "it is STEP.CHANGE, such as '2.1', beside a 'decision'")
            }
            place = known
        }
        guard run.state != .succeeded, run.state != .failed else {
            throw Refusal.conflict("the run has ended (\(run.state.rawValue)); nothing is left to do")
        }
        let catalog = visit.site.session.application.catalog
        let steps = try await visit.site.log.steps(of: run.id)
        for step in steps {
            try hold(try catalog.entry(step.task).parse(step.arguments), visit)
        }
        let id = try await visit.site.desk.accept(
            .resume(run.id, decision, place, visitor.requester(process: getpid())),
            of: run.environments.isEmpty ? [""] : run.environments, isChanging: !run.isDryRun, visit.site.inventory,
            token: visitor.token, targets: steps.map(\.target), at: visit.now)
        return try accepted(id, visit)
    }
}

extension RunRecord {
    /// Without the environments somebody may know nothing of.
    fileprivate func seen(_ visit: Visit) -> RunRecord {
        var run = self
        run.environments = environments.filter(visit.sees)
        return run
    }
}
