import Maintenance
import MaintenanceTesting
import Settings
import Synchronization

@testable import Engine

/// A task that only looks, and sees what a test wants.
struct Scripted: MaintenanceTask {
    struct Options: Sendable {}

    static let declaration = TaskDeclaration(
        name: "test.scripted", summary: "look", explanation: "For tests.", effect: .observes, subject: .environments)

    var see: @Sendable (Look) async throws -> Observation

    init(_ options: Options) { self.init { _ in Observation() } }
    init(see: @escaping @Sendable (Look) async throws -> Observation) { self.see = see }

    func survey(_ look: Look) async throws -> Observation { try await see(look) }

    func entry(_ name: String, _ subject: TaskDeclaration.Subject) -> TaskEntry {
        let declaration = TaskDeclaration(
            name: name, summary: "look", explanation: "For tests.", effect: .observes, subject: subject)
        return TaskEntry(declaration: declaration) { arguments in
            ParsedTask(declaration: declaration, task: self, arguments: arguments)
        }
    }
}

/// What the next looks see, by target; nothing wrong where a test says nothing.
final class Script: Sendable {
    enum Answer: Hashable, Sendable {
        case fine
        case finding(Severity)
        /// A part of it could not be looked at.
        case gap
        case fails
        /// Outcomes of checks, where the task is the health check.
        case checks([String: CheckOutcome.State])
    }

    private let answers = Mutex<[Target: Answer]>([:])

    func set(_ target: Target, _ answer: Answer) { answers.withLock { $0[target] = answer } }
    func clear() { answers.withLock { $0 = [:] } }
    func answer(at target: Target) -> Answer { answers.withLock { $0[target] ?? .fine } }
}

/// One environment with two databases and an endpoint, `db care` over the databases, a health check with two checks, and
/// a clock that stands still.
struct ChecklistEstate: Sendable {
    static let place = "production"
    static let main = Target(environment: place, resource: "main")
    static let replica = Target(environment: place, resource: "replica")
    static let site = Target(environment: place, resource: "site")
    static let whole = Target(environment: place)

    let clock = ManualClock()
    let script = Script()
    let checks: [Check]
    var harness: TaskHarness

    init() throws {
        let script = script
        let care = Scripted { look in try Self.observation(script.answer(at: look.target), look.target) }
        let health = Scripted { look in
            let answer = script.answer(at: look.target)
            var observation = try Self.observation(answer, look.target)
            let special: [String: CheckOutcome.State] = if case .checks(let states) = answer { states } else { [:] }
            for (check, target) in [("answers", Self.main), ("answers", Self.replica), ("page", Self.site)] {
                let state = special["\(check) \(target.resource)"] ?? .passed
                observation.checks.append(
                    CheckOutcome(
                        check: check, code: "T-\(check)", title: check, target: target, state: state,
                        summary: "it is \(state.rawValue)", seconds: 0))
            }
            return observation
        }
        let text = try ConfiguredText("host=/nonexistent", secrecy: .keywords, location: .test)
        let page = try ConfiguredText("http://localhost/", secrecy: .url, location: .test)
        let inventory = Inventory(
            Environment(
                Self.place,
                [
                    Resource("main", .postgresql(PostgreSQLAccess(.keywords(text)))),
                    Resource("replica", .postgresql(PostgreSQLAccess(.keywords(text)))),
                    Resource("site", .http(HTTPAccess(url: page))),
                ]))
        checks = [("answers", ResourceKind.postgresql), ("page", .http)].map { name, kind in
            Check(
                CheckSchema(name: name, summary: name), code: "T-\(name)", title: name, kind: kind, explanation: name
            ) { _ in Reading(state: .passed) }
        }
        harness = try TaskHarness(
            [care.entry("db.care", .resources([.postgresql])), health.entry("health.check", .environments)],
            inventory: inventory, clock: clock.clock)
    }

    private static func observation(_ answer: Script.Answer, _ target: Target) throws -> Observation {
        var observation = Observation()
        switch answer {
        case .fine, .checks: break
        case .finding(let severity):
            observation.findings = [
                Finding(code: "T001", severity: severity, target: target, summary: "it hums")
            ]
        case .gap: observation.gaps = [Observation.Gap("the cellar", Trouble())]
        case .fails: throw Trouble(problem: "no light")
        }
        observation.examined = ["T001"]
        return observation
    }

    /// Items of every kind.
    static let list = Checklist(
        "house", summary: "the house", cadence: .daily,
        items: [
            .init("care", "Cared for", .task(["db", "care"])),
            .init("calm", "Cared for, and calm", .task(["db", "care"]), severity: .critical),
            .init("answering", "Answering", .checks(["answers", "page"])),
            .init("quiet", "No critical finding", .findings, severity: .critical),
            .init("keys", "The keys are in their place"),
            .init("meters", "The meters are read", countsFor: .seconds(3_600)),
        ])

    func answers(_ person: Requester = .ann, _ list: Checklist = list) -> ChecklistAnswers {
        ChecklistAnswers(
            ChecklistBook(
                inventory: harness.inventory, shipped: [list], catalog: harness.catalog, checks: checks),
            log: harness.log.acting(for: person))
    }

    func standing(_ item: String, _ list: Checklist = list) async throws -> ItemStanding {
        let standing = try await answers(.ann, list).standing(list, in: Self.place)
        guard let found = standing.items.first(where: { $0.item == item }) else {
            preconditionFailure("the list has no item '\(item)'")
        }
        return found
    }

    @discardableResult
    func sign(
        _ item: String, _ result: SignOff.Result = .done, note: String? = nil, file: String? = nil,
        by person: Requester = .ann
    ) async throws -> SignOff {
        let answers = answers(person)
        return try await answers.sign(
            try answers.book.item(item, of: Self.list), of: Self.list, in: Self.place, result, note: note,
            attachment: file)
    }
}
