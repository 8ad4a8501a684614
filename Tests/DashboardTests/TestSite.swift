import Composition
import ArgumentParser
import Command
import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Web

@testable import Dashboard
@testable import mainstay

/// The dashboard over a state of the test's own, asked without a network.
struct TestSite: Sendable {
    let site: Site
    let clock = ManualClock()

    static let configuration = """
        environments:
          production: {protected: true, resources: {web: {kind: http, url: "https://shop.example/"}}}
          staging: {}
        routines:
          nightly: {schedule: "daily 02:00", steps: [report prune]}
        server: {listen: "127.0.0.1:0"}

        """

    /// Only inside a test that carries `.temporaryDirectory`.
    init(
        _ configuration: String = Self.configuration, directory: String = TemporaryDirectory.current,
        complain: @escaping @Sendable (String, ErrorReport) -> Void = { _, _ in }
    ) async throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try configuration.write(toFile: "\(directory)/mainstay.yaml", atomically: true, encoding: .utf8)
        let whole = Mainstay.application([:])
        let application = Application(
            root: Mainstay.self, tasks: capabilities.flatMap(\.tasks), checks: whole.checks,
            findingPages: whole.findingPages, routines: whole.routines,
            checklists: whole.checklists, migrations: capabilities.flatMap(\.migrations),
            runbooks: whole.runbooks, programs: whole.programs,
            clock: clock.clock, console: whole.console,
            systemLog: SystemLog(path: "\(directory)/no-system-log"))
        let session = try await application.open(
            try PlaceOptions.parse(["--config=\(directory)/mainstay.yaml", "--state=\(directory)/state"]),
            try OutputOptions.parse([]))
        site = Site(
            session: session, current: CurrentInventory(session.inventory), live: LiveVersion(),
            gate: Gatekeeper(log: session.log, clock: clock.clock) { session.inventory.server ?? DashboardSettings() },
            complain: complain)
    }

    var log: RunLog { site.log }

    /// Somebody who is signed in, without having typed a password.
    func visitor(_ name: String, _ grants: Grants) async throws -> TestVisitor {
        let key = Keys.make()
        let form = Keys.make()
        try await log.invite(name, grants, link: Keys.digest(Keys.make()), until: clock.clock.now() + .seconds(60))
        try await log.signIn(
            name, digest: Keys.digest(key), formToken: form, until: clock.clock.now() + Gatekeeper.longest,
            idle: Gatekeeper.idle, peer: "192.0.2.7")
        return TestVisitor(site: site, cookie: key, formToken: form)
    }

    func request(
        _ method: WebRequest.Method, _ target: String, form: [String: String]? = nil,
        headers: [(name: String, value: String)] = []
    ) -> WebRequest {
        TestVisitor.request(method, target, form: form, headers: headers)
    }
}

/// A browser of somebody who is signed in.
struct TestVisitor: Sendable {
    let site: Site
    let cookie: String
    let formToken: String

    func get(_ target: String, headers: [(name: String, value: String)] = []) async -> WebResponse {
        await site.answer(
            Self.request(.get, target, headers: [(name: "cookie", value: "mainstay=\(cookie)")] + headers))
    }

    /// As a form of ours sends it.
    func post(
        _ target: String, _ fields: [String: String] = [:], headers: [(name: String, value: String)] = []
    ) async -> WebResponse {
        await site.answer(
            Self.request(
                .post, target, form: fields.merging(["form-token": formToken]) { own, _ in own },
                headers: [(name: "cookie", value: "mainstay=\(cookie)")] + headers))
    }

    static func request(
        _ method: WebRequest.Method, _ target: String, form: [String: String]? = nil,
        headers: [(name: String, value: String)] = []
    ) -> WebRequest {
        let halves = target.split(separator: "?", maxSplits: 1).map(String.init)
        var query: [String: String] = [:]
        for pair in (halves.count == 2 ? halves.last ?? "" : "").split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
            query[parts.first ?? ""] = parts.last
        }
        var request = WebRequest(
            method: method, path: (halves.first ?? "").split(separator: "/").map(String.init), query: query,
            headers: [(name: "host", value: "here"), (name: "accept", value: "text/html")] + headers,
            peer: "192.0.2.7")
        if let form {
            request.headers.append((name: "content-type", value: "application/x-www-form-urlencoded"))
            request.body = Array(
                form.map { "\($0.key.urlComponent)=\($0.value.urlComponent)" }.joined(separator: "&").utf8)
        }
        return request
    }
}

extension WebResponse {
    var bytes: [UInt8] { if case .bytes(let bytes) = body { bytes } else { [] } }
    var text: String { String(decoding: bytes, as: UTF8.self) }
}
