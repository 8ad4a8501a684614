import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Testing
import Web

@testable import Dashboard

/// What the public page costs, and what it does not claim.
@Suite("the public status page under load", .temporaryDirectory, .timeLimit(.minutes(2)))
struct StatusShelfTests {
    @Test("however many strangers come at once, page and feed are made once")
    func isMadeOnceForAll() async throws {
        let test = try await TestSite(StatusPageTests.configuration)
        for round in 1...3 {
            let pages = await withTaskGroup(of: WebResponse.self) { group in
                for number in 0..<40 {
                    let target = number.isMultiple(of: 2) ? "/status" : "/status/feed.atom"
                    group.addTask { await test.site.answer(test.request(.get, target)) }
                }
                return await group.reduce(into: [WebResponse]()) { $0.append($1) }
            }
            #expect(pages.allSatisfy { $0.status == 200 })
            #expect(Set(pages.map(\.bytes)).count == 2)
            #expect(test.site.status.made == round)
            test.clock.advance(by: StatusShelf.longest)
        }
    }

    @Test("another configuration is never answered with the page of the one before")
    func followsConfiguration() async throws {
        let test = try await TestSite(StatusPageTests.configuration)
        #expect(await test.site.answer(test.request(.get, "/status")).text.contains("<h1>Shop</h1>"))
        var inventory = test.site.inventory
        inventory.server?.statusPage?.title = "Other"
        test.site.current.replace(inventory)
        #expect(await test.site.answer(test.request(.get, "/status")).text.contains("<h1>Other</h1>"))
        inventory.server?.statusPage = nil
        test.site.current.replace(inventory)
        #expect(await test.site.answer(test.request(.get, "/status")).status == 404)
    }

    @Test("a resource or a check that is named and that nobody has looked at keeps a component from working")
    func needsEverything() async throws {
        let test = try await TestSite(StatusPageTests.configuration)
        let now = test.clock.clock.now()
        try await StatusPageTests.ask(test, "db-9", .passed, at: [now - .seconds(60), now])
        var settings = try #require(test.site.settings.statusPage)
        func state() async throws -> StatusBoard.State? {
            try await StatusBoard(settings, test.site, StatusHistories()).components.last?.state
        }
        #expect(try await state() == .operational)
        settings.components[1].resources = ["db-9", "web-7"]
        #expect(try await state() == .unknown)
        settings.components[1].resources = nil
        #expect(try await state() == .operational)
        settings.components[1].checks = ["endpoint.answer", "endpoint.response-time"]
        #expect(try await state() == .unknown)
    }
}
