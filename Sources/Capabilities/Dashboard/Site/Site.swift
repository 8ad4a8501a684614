import Command
import Engine
import Foundation
import Glibc
import Maintenance
import Outside
import Page
import Settings
import Synchronization
import Web

/// The dashboard: it takes a request and gives an answer.
///
/// Shared and not copied: whatever an open stream keeps of its request has this with it, and by value that was 5 kB a
/// closure, of 54 kB that a stream took.
final class Site: Sendable {
    let session: Session
    let current: CurrentInventory
    let live: LiveVersion
    let gate: Gatekeeper
    let counters = Counters()
    let desk: RunDesk
    let tasks = TaskShelf()
    let rates = RequestRates()
    let keys = HeartbeatKeys()
    let openid: OpenIDProvider
    let status = StatusShelf()
    let documents = DocumentShelf()
    /// Where it is said what went wrong here, which no stranger is told.
    let complain: @Sendable (String, ErrorReport) -> Void

    /// The key of links in notifications.
    let links: AlertLinksFile

    init(
        session: Session, current: CurrentInventory, live: LiveVersion, gate: Gatekeeper,
        complain: @escaping @Sendable (String, ErrorReport) -> Void = { _, _ in }
    ) {
        self.complain = complain
        self.session = session
        self.current = current
        self.live = live
        self.gate = gate
        links = AlertLinksFile(state: session.stateDirectory)
        desk = RunDesk(session.log)
        openid = OpenIDProvider(clock: session.application.clock, programs: session.application.programs)
    }

    var clock: WallClock { session.application.clock }
    var inventory: Inventory { current.inventory }
    var settings: DashboardSettings { inventory.server ?? DashboardSettings() }

    /// For whoever only looks.
    var log: RunLog { session.log }

    /// The run log, speaking for whoever is signed in.
    func log(for visitor: Visitor?) -> RunLog {
        visitor.map { session.log.acting(for: $0.requester(process: getpid())) } ?? session.log
    }

    func answer(_ request: WebRequest) async -> WebResponse {
        var response: WebResponse
        do {
            response = try await route(request)
        } catch {
            response = Answers.trouble(error, request)
            if response.status == 500 || Answers.isOfTheHouse(error) {
                complain("a page cannot be made", ErrorReport(error))
            }
        }
        counters.count(response.status)
        if case .bytes(let bytes) = response.body, response.status == 200, response[header: "ETag"] == nil,
            request.method == .get || request.method == .head
        {
            Self.tag(&response, bytes, request)
        }
        return response
    }

    private func route(_ request: WebRequest) async throws -> WebResponse {
        // Every page answers to HEAD as to GET, without its body.
        let method = request.method == .head ? .get : request.method
        let fitting = Self.routes.compactMap { route in route.values(request.path).map { (route, $0) } }
        guard !fitting.isEmpty else { throw Refusal.notFound }
        guard let (route, values) = fitting.first(where: { $0.0.method == method }) else {
            var response = Answers.wrongMethod(request)
            response.set("Allow", Set(fitting.map(\.0.method.rawValue)).sorted().joined(separator: ", "))
            return response
        }
        let visitor: Visitor?
        do {
            visitor = try await gate.visitor(request)
        } catch let error where !(error is CancellationError) {
            // Nobody has proved anything; that the process lives is said all the same.
            complain("it cannot be looked up who asks", ErrorReport(error))
            guard route.access == .everybody else { return Answers.hidden(request) }
            visitor = nil
        }
        if case .role(let role) = route.access {
            guard let visitor else {
                // Of a key that is none: nobody tries them by the thousand.
                if gate.hasKey(request) { try noteGuess(request) }
                return Answers.signIn(request)
            }
            guard visitor.grants.maySomewhere(role) else { throw Refusal.forbidden(role, "") }
            if let scopes = visitor.scopes, !scopes.contains(route.scope) { throw Refusal.outOfScope(route.scope) }
        }
        if let visitor, visitor.scopes != nil {
            let wait = rates.take(visitor.account.name, perMinute: settings.requestsPerMinute, at: clock.now())
            if let wait { throw Refusal.tooOften(wait) }
        }
        // Where everybody may send one, nobody is held to the session they happen to have.
        if method != .get { try gate.holdToOwnForms(request, route.access == .everybody ? nil : visitor) }
        let visit = Visit(site: self, request: request, values: values, visitor: visitor)
        guard route.access == .everybody else {
            return route.isOnce ? try await RepeatedRequests.answer(visit, route.answer) : try await route.answer(visit)
        }
        do {
            return try await route.answer(visit)
        } catch let error where !(error is Refusal || error is AccessError || error is CancellationError) {
            // Whoever asks has proved nothing, and is told nothing of how the house is built.
            complain("a stranger cannot be answered", ErrorReport(error))
            return Answers.hidden(request)
        }
    }

    /// A key was sent that is none. Throws where too many were, from there: only those wait whose request has proved nothing,
    /// so that nobody is shut out by what others behind the same address do.
    func noteGuess(_ request: WebRequest) throws(Refusal) {
        // Behind a proxy every request has the proxy's address.
        let peer = settings.isBehindProxy ? "proxy" : request.peer
        if let wait = rates.fail(peer, at: clock.now()) { throw .tooOften(wait) }
    }

    /// The page's own digest: whoever has it already is told so, and gets nothing again.
    private static func tag(_ response: inout WebResponse, _ bytes: [UInt8], _ request: WebRequest) {
        _ = tag(&response, String(Keys.digest(bytes).prefix(32)), request)
    }

    /// Whether whoever asks has what has that tag already; the answer then has no body.
    static func tag(_ response: inout WebResponse, _ tag: String, _ request: WebRequest) -> Bool {
        let tag = "\"\(tag)\""
        response.set("ETag", tag)
        guard let known = request[header: "if-none-match"],
            known.split(separator: ",").contains(where: { $0.trimmingWhitespace() == tag })
        else { return false }
        response.status = 304
        response.body = .bytes([])
        return true
    }
}

/// The configuration that counts now.
final class CurrentInventory: Sendable {
    private let value: Mutex<Inventory>

    init(_ inventory: Inventory) { value = Mutex(inventory) }

    var inventory: Inventory { value.withLock { $0 } }

    func replace(_ inventory: Inventory) { value.withLock { $0 = inventory } }
}

/// How often what was answered, and how many came in vain, for `/metrics`.
final class Counters: Sendable {
    private let answers = Mutex<[Int: Int]>([:])
    private let crowd = Mutex<(refused: Int, saidAt: Timestamp?)>((0, nil))

    func count(_ status: Int) { answers.withLock { $0[status, default: 0] += 1 } }

    /// A connection was closed because there are too many.
    ///
    /// - Returns: whether it is to be said, which is once a minute.
    func countRefused(at now: Timestamp) -> Bool {
        crowd.withLock { crowd in
            crowd.refused += 1
            if let saidAt = crowd.saidAt, now - saidAt < .seconds(60) { return false }
            crowd.saidAt = now
            return true
        }
    }

    var refused: Int { crowd.withLock { $0.refused } }

    var byStatus: [(status: Int, count: Int)] {
        answers.withLock { $0.sorted { $0.key < $1.key }.map { (status: $0.key, count: $0.value) } }
    }
}
