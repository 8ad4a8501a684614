import Command
import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Web

@testable import Dashboard

extension TestSite {
    /// A program with a token of an account of its own.
    func program(
        _ name: String, _ grants: Grants, scopes: Set<TokenScope> = Set(TokenScope.allCases)
    ) async throws -> TestProgram {
        let key = Keys.make()
        let now = clock.clock.now()
        try await log.invite(name, grants, link: Keys.digest(Keys.make()), until: now + .seconds(60))
        try await log.make(
            AccessToken(
                id: "token-\(name)-\(Keys.make().prefix(6))", account: name, purpose: "tests", grants: grants,
                scopes: scopes, createdAt: now, endsAt: now + .seconds(30 * 86_400)),
            digest: Keys.digest(key))
        return TestProgram(site: site, key: key)
    }
}

/// Whoever asks the API.
struct TestProgram: Sendable {
    let site: Site
    let key: String

    func get(_ target: String, headers: [(name: String, value: String)] = []) async -> WebResponse {
        await site.answer(request(.get, target, headers))
    }

    func post(
        _ target: String, _ json: String = "", headers: [(name: String, value: String)] = []
    ) async -> WebResponse {
        var request = request(.post, target, [(name: "content-type", value: "application/json")] + headers)
        request.body = Array(json.utf8)
        return await site.answer(request)
    }

    private func request(
        _ method: WebRequest.Method, _ target: String, _ headers: [(name: String, value: String)]
    ) -> WebRequest {
        var request = TestVisitor.request(method, target)
        request.headers = [
            (name: "host", value: "here"), (name: "accept", value: "application/json"),
            (name: "authorization", value: "Bearer \(key)"),
        ]
        request.headers += headers
        return request
    }
}

extension WebResponse {
    /// What it says as JSON; null where it is none.
    var json: JSONValue { JSONValue(bytes) ?? .null }
}
