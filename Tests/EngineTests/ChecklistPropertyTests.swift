import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Testing

@testable import Engine

/// Whatever happens in whatever order, green is only what a record says that is alive: held against a tally that is kept
/// beside, from nothing but what was done.
@Suite("green needs evidence", .temporaryDirectory)
struct ChecklistPropertyTests {
    private struct Tally {
        /// When the whole of `db care` or of the health check last ended, and whether it was well; nil where it never did.
        var care: [Target: (at: Timestamp, answer: Script.Answer)] = [:]
        var health: (at: Timestamp, answer: Script.Answer)?
        var criticalSeen: [Target: Timestamp] = [:]
        var criticalOpen: Set<Target> = []
        var signed: [String: (at: Timestamp, isDone: Bool)] = [:]
        var isAltered = false
    }

    @Test(
        "no sequence of runs, signatures, changes on the disk and hours shows green without it",
        arguments: UInt64(1)...12)
    func holds(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let estate = try ChecklistEstate()
        var tally = Tally()
        var greens = 0
        let day = Duration.seconds(86_400)
        for step in 0..<60 {
            let now = estate.clock.clock.now()
            switch Int.random(in: 0..<10, using: &random) {
            case 0, 1:
                let answers = randomAnswers(&random)
                for (target, answer) in answers { estate.script.set(target, answer) }
                _ = try await estate.harness.run("db care")
                for (target, answer) in answers {
                    tally.care[target] = (now, answer)
                    see(answer, at: target, now, &tally)
                }
            case 2, 3:
                let answer = randomAnswer(&random)
                estate.script.set(ChecklistEstate.whole, answer)
                _ = try await estate.harness.run("health check")
                tally.health = (now, answer)
                see(answer, at: ChecklistEstate.whole, now, &tally)
            case 4:
                // It looked, and so findings come and go with it; an answer it is none.
                _ = try await estate.harness.run("db care", "health check", isDryRun: true)
                for target in [ChecklistEstate.main, ChecklistEstate.replica, ChecklistEstate.whole] {
                    see(estate.script.answer(at: target), at: target, now, &tally)
                }
            case 5:
                // With other options: it hides what was green where it fails, and shows nothing green.
                estate.script.set(ChecklistEstate.main, .fails)
                estate.script.set(ChecklistEstate.replica, .fails)
                _ = try await estate.harness.run("db care --part")
                for target in [ChecklistEstate.main, ChecklistEstate.replica] { tally.care[target] = (now, .fails) }
            case 6:
                let item = Bool.random(using: &random) ? "keys" : "meters"
                let isDone = Int.random(in: 0..<3, using: &random) > 0
                let file = "\(TemporaryDirectory.current)/file"
                try "step \(step)".write(toFile: file, atomically: true, encoding: .utf8)
                try await estate.sign(item, isDone ? .done : .notDone, note: "n", file: item == "keys" ? file : nil)
                tally.signed[item] = (now, isDone)
                if item == "keys" { tally.isAltered = false }
            case 7:
                guard let copy = try await estate.standing("keys").signOff?.attachment?.sha256 else { continue }
                try "altered".write(
                    toFile: "\(estate.harness.stateDirectory)/attachments/\(copy)", atomically: true, encoding: .utf8)
                tally.isAltered = true
            default:
                let spans: [Duration] = [.seconds(60), .seconds(3_600), .seconds(43_200), day - .microseconds(1), day]
                estate.clock.advance(by: spans.randomElement(using: &random) ?? day)
            }
            estate.clock.advance(by: .microseconds(1))
            let standing = try await estate.answers().standing(ChecklistEstate.list, in: ChecklistEstate.place)
            for item in standing.items where item.state == .green {
                greens += 1
                let isAlive = isAlive(item.item, tally, estate.clock.clock.now())
                #expect(isAlive, "seed \(seed), step \(step): \(item.item) is green: \(item.reason)")
                #expect(item.countsUntil.map { estate.clock.clock.now() < $0 } == true && item.at != nil)
            }
        }
        #expect(greens > 0, "seed \(seed) never saw anything green, and so tested nothing")
    }

    private func isAlive(_ item: String, _ tally: Tally, _ now: Timestamp) -> Bool {
        let day = Duration.seconds(86_400)
        func isFresh(_ at: Timestamp?, _ span: Duration = day) -> Bool { at.map { now < $0 + span } ?? false }
        func isWell(_ answer: Script.Answer?, _ severity: Severity) -> Bool {
            switch answer {
            case .fine: true
            case .finding(let found): found < severity
            default: false
            }
        }
        switch item {
        case "care", "calm":
            return [ChecklistEstate.main, ChecklistEstate.replica].allSatisfy {
                isFresh(tally.care[$0]?.at)
                    && isWell(tally.care[$0]?.answer, item == "care" ? .warning : .critical)
            }
        case "answering":
            // Findings of the whole environment are none of the check's, and a gap elsewhere neither.
            return isFresh(tally.health?.at) && tally.health?.answer != .fails
        case "quiet":
            return isFresh(tally.health?.at) && isWell(tally.health?.answer, .critical) && tally.criticalOpen.isEmpty
                && !tally.criticalSeen.values.contains { $0 >= now - day }
        case "keys":
            return isFresh(tally.signed["keys"]?.at) && tally.signed["keys"]?.isDone == true && !tally.isAltered
        default: return isFresh(tally.signed[item]?.at, .seconds(3_600)) && tally.signed[item]?.isDone == true
        }
    }

    private func see(_ answer: Script.Answer, at target: Target, _ now: Timestamp, _ tally: inout Tally) {
        guard answer != .fails else { return }
        // Whoever looks at the whole environment sees that what was found in a part of it is over.
        tally.criticalOpen = tally.criticalOpen.filter { !target.contains($0) }
        if answer == .finding(.critical) {
            tally.criticalOpen.insert(target)
            tally.criticalSeen[target] = now
        }
    }

    private func randomAnswers(_ random: inout SeededGenerator) -> [(Target, Script.Answer)] {
        [(ChecklistEstate.main, randomAnswer(&random)), (ChecklistEstate.replica, randomAnswer(&random))]
    }

    private func randomAnswer(_ random: inout SeededGenerator) -> Script.Answer {
        let all: [Script.Answer] = [
            .fine, .fine, .fine, .finding(.info), .finding(.warning), .finding(.critical), .gap, .fails,
        ]
        return all.randomElement(using: &random) ?? .fails
    }
}
