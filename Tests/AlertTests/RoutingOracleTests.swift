import Alert
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Testing

/// Which routes an alert goes into, asked of Alertmanager's own `amtool config routes test`.
@Suite("routing as Alertmanager routes", .temporaryDirectory)
struct RoutingOracleTests {
    private static let programs = Programs(environment: ProcessInfo.processInfo.environment)

    private struct Tree {
        var root: RouteDraft
        var receivers: [String]

        init(seed: Int) throws {
            var random = SeededGenerator(seed: UInt64(seed))
            var count = 0
            func name() -> String {
                count += 1
                return "r\(count)"
            }
            func matcher() throws -> Matcher {
                let values = ["", "x", "y", "xy"]
                let operation = Matcher.Operation.allCases.randomElement(using: &random) ?? .equal
                let value =
                    switch operation {
                    case .equal, .unequal: values.randomElement(using: &random) ?? ""
                    default: ["x|y", "x.*", ".+", "", "(xy)?"].randomElement(using: &random) ?? ""
                    }
                return try Matcher(["a", "b", "c"].randomElement(using: &random) ?? "a", operation, value)
            }
            func children(_ depth: Int) throws -> [RouteDraft] {
                try (0..<Int.random(in: 1...4, using: &random)).map { _ in
                    var route = RouteDraft()
                    route.matchers = try (0..<Int.random(in: 1...2, using: &random)).map { _ in try matcher() }
                    // What names no receiver has that of the route around it.
                    if Int.random(in: 0..<3, using: &random) > 0 { route.receiver = name() }
                    route.continues = Bool.random(using: &random)
                    if depth < 5, Int.random(in: 0..<5, using: &random) < 3 { route.children = try children(depth + 1) }
                    return route
                }
            }
            root = RouteDraft(receiver: "r0")
            root.children = try children(1)
            receivers = (0...count).map { "r\($0)" }
        }

        var configuration: String {
            func text(_ route: RouteDraft, _ indent: Int) -> String {
                let space = String(repeating: " ", count: indent)
                let matchers = route.matchers.map { "'\($0.name)\($0.operation.rawValue)\"\($0.value)\"'" }
                var lines = ["\(space)- matchers: [\(matchers.joined(separator: ", "))]"]
                if let receiver = route.receiver { lines.append("\(space)  receiver: \(receiver)") }
                lines.append("\(space)  continue: \(route.continues)")
                if !route.children.isEmpty {
                    lines.append("\(space)  routes:")
                    lines += route.children.map { text($0, indent + 2) }
                }
                return lines.joined(separator: "\n")
            }
            return "route:\n  receiver: r0\n  routes:\n" + root.children.map { text($0, 2) }.joined(separator: "\n")
                + "\nreceivers:\n" + receivers.map { "- name: \($0)\n" }.joined()
        }
    }

    @Test("forty random trees, up to five deep, send eight alerts each to the same receivers in the same order")
    func sameReceivers() async throws {
        var deep = 0
        var several = 0
        for seed in 0..<40 {
            let tree = try Tree(seed: seed)
            let path = "\(TemporaryDirectory.current)/\(seed).yml"
            try tree.configuration.write(toFile: path, atomically: true, encoding: .utf8)
            let route = tree.root.tree(receiver: "r0")
            var random = SeededGenerator(seed: UInt64(1_000 + seed))
            for _ in 0..<8 {
                // amtool takes no label without a value, which is the same as none.
                let values = ["a", "b", "c"].compactMap { name in
                    ["", "x", "y", "xy"].randomElement(using: &random).map { (name, $0) }
                }.filter { !$0.1.isEmpty }
                let labels = Labels(Dictionary(uniqueKeysWithValues: values))
                let words = ["config", "routes", "test", "--config.file=\(path)"] + values.map { "\($0.0)=\($0.1)" }
                let outcome = try await Self.programs.run(ChildProgram("amtool", words)).checked()
                let expected = outcome.output.text.trimmingWhitespace().split(separator: ",").map(String.init)
                let found = route.matching(labels)
                #expect(found.map(\.receiver) == expected, "seed \(seed), \(values):\n\(tree.configuration)")
                deep += found.contains { $0.key.split(separator: "/").count > 2 } ? 1 : 0
                several += found.count > 1 ? 1 : 0
            }
        }
        #expect(deep > 40 && several > 40, "\(deep) deep, \(several) with several")
    }
}
