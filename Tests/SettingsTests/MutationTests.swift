import Maintenance
import MaintenanceTesting
import Settings
import Outside
import Testing

@Suite("a valid configuration with accidents", .timeLimit(.minutes(5)))
struct MutationTests {
    private static let snippets = [
        ":", ": ", "- ", "\t", "\n", "[", "]", "{", "}", "\"", "'", "#", " #", "&a ", "*a", "|\n", ">\n", "${", "}",
        "null",
        "~", "0", "-1", "99999999999999999999", "1e400", "NaN", "%", "é", "\u{0}", "\u{1b}", "\u{2028}", "\u{feff}",
        "file:",
        "command:", "---\n", "? ", "!!str ", "<<: ", "12mo", "..", "/", "kind: http", "\r",
    ]

    private static func mutate(_ text: String, _ random: inout SeededGenerator) -> String {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        for _ in 0..<Int.random(in: 1...2, using: &random) {
            let index = Int.random(in: 0..<lines.count, using: &random)
            let other = Int.random(in: 0..<lines.count, using: &random)
            switch Int.random(in: 0..<8, using: &random) {
            case 0: lines.remove(at: index)
            case 1: lines.insert(lines[index], at: other)
            case 2: lines.swapAt(index, other)
            case 3: lines[index] = " " + lines[index]
            case 4: lines[index] = String(lines[index].drop { $0 == " " })
            case 5: lines[index] = String(lines[index].prefix(Int.random(in: 0...lines[index].count, using: &random)))
            default:
                let position = lines[index].index(
                    lines[index].startIndex, offsetBy: Int.random(in: 0...lines[index].count, using: &random))
                lines[index].insert(contentsOf: snippets.randomElement(using: &random) ?? "", at: position)
            }
            if lines.isEmpty { lines = [""] }
        }
        return lines.joined(separator: "\n")
    }

    @Test(
        "is either read, and written so that it reads the same, or refused with places",
        arguments: 1...8 as ClosedRange<UInt64>)
    func survives(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let effective = EffectiveConfiguration(vocabulary: vocabulary)
        var accepted = 0
        var refused = 0
        for _ in 0..<150 {
            let text = Self.mutate(completeFile, &random)
            do throws(ConfigurationError) {
                let inventory = try reader.read([("mainstay.yaml", text)], directory: "/etc/mainstay").inventory
                accepted += 1
                let shown = effective.text(inventory)
                guard !shown.contains("•••") else { continue }
                let again = try reader.read([("shown.yaml", shown)], directory: "/etc/mainstay").inventory
                #expect(again.content == inventory.content, "seed \(seed): \(text)")
            } catch {
                refused += 1
                #expect(!error.problems.isEmpty)
                for problem in error.problems {
                    #expect(problem.line == problem.line.printable)
                    let location = problem.location
                    #expect(
                        location != nil || problem.text.contains("YAML"), "seed \(seed): \(problem.line) has no place")
                    #expect(
                        (location?.line ?? 1) <= text.unicodeScalars.count {
                            "\n\r\u{85}\u{2028}\u{2029}".unicodeScalars.contains($0)
                        } + 1)
                }
            }
        }
        #expect(accepted > 2 && refused > 50, "the accidents say nothing: \(accepted) accepted, \(refused) refused")
    }
}
