import Alert
import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Testing

@testable import Alerts

/// The links in notifications by which people answer.
@Suite("links in notifications", .temporaryDirectory)
struct AnswerAddressTests {
    private func addresses() throws -> AnswerAddresses {
        AnswerAddresses(
            links: try AlertLinks.readOrMake(state: TemporaryDirectory.current), server: "https://mainstay.example",
            recipient: "ops@example.org", ends: Samples.start + .seconds(3_600))
    }

    @Test("each alert that fires has a link for each answer, which says whom it was for and counts until its end")
    func stands() throws {
        let addresses = try addresses()
        var message = try Samples.message()
        #expect(!message.lines(within: 3_500).contains { AnswerAddresses.isLine($0) })
        message.answers = addresses
        let lines = message.lines(within: 3_500).filter(AnswerAddresses.isLine)
        #expect(lines.count == 2)
        for (line, purpose) in zip(lines, AlertLinks.Purpose.allCases) {
            #expect(line.utf8.count < 380, "\(line.utf8.count)")
            let token = try #require(line.split(separator: "/").last.map(String.init))
            #expect(line.contains("https://mainstay.example/answer/"))
            let answer = try #require(addresses.links.open(token, at: Samples.start))
            #expect(answer.purpose == purpose && answer.recipient == "ops@example.org")
            #expect(answer.since == message.notification.firing.first?.since.microseconds)
            #expect(answer.fingerprint == message.notification.firing.first?.fingerprint)
            #expect(addresses.links.open(token, at: answer.ends) == nil)
        }
        var over = try Samples.message(isOver: true)
        over.answers = addresses
        #expect(!over.lines(within: 3_500).contains { AnswerAddresses.isLine($0) })
    }

    @Test(
        "an address is whole or is not there, however little room there is",
        arguments: [200, 500, 1_000, 3_500, 20_000])
    func isWhole(budget: Int) throws {
        let addresses = try addresses()
        var message = try Samples.storm(30, summary: String(repeating: "x", count: 400))
        message.answers = addresses
        for line in message.lines(within: budget) where AnswerAddresses.isLine(line) {
            let token = try #require(line.split(separator: "/").last.map(String.init))
            #expect(addresses.links.open(token, at: Samples.start) != nil, "\(line)")
        }
    }
}
