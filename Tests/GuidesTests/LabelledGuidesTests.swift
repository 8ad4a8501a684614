import Foundation
import Guide
import Maintenance
import MaintenanceTesting
import Testing

/// Whole guides of which every fault is known, and others that are near to having it: `Tests/Fixtures/labelled`. What
/// belongs together stands in a directory: several guides, the files beside them, the configuration.
@Suite("labelled guides", .temporaryDirectory, .cluster)
struct LabelledGuidesTests {
    private let program = Program()

    private static let root = AccountTests.root.appendingPathComponent("Tests/Fixtures/labelled").path

    /// Guides that are checked in one go.
    struct Group: CustomTestStringConvertible, Sendable {
        /// `faulty/two-teams`; `faulty` for all that stand alone.
        var folder: String
        var files: [String]
        var configuration: String?

        var testDescription: String { folder }

        /// What only documents that are kept up to date can have is told by another command.
        var arguments: [String] {
            if folder.containsBytes("/docs-") { return ["docs", "verify"] }
            if !folder.containsBytes("/") { return ["guide", "check", "--stub-schema"] }
            return ["guide", "check"] + (configuration == nil ? [] : ["--environment=test"])
        }
    }

    private static func names(in folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)")) ?? []).sorted()
    }

    static let groups: [Group] = ["faulty", "clean"].flatMap { kind -> [Group] in
        let all = names(in: kind)
        let alone = Group(folder: kind, files: all.filter { $0.hasSuffix(".md") }.map { "\(kind)/\($0)" })
        return [alone]
            + all.filter { !$0.hasSuffix(".md") }.map { name in
                let files = names(in: "\(kind)/\(name)").filter { $0.hasSuffix(".md") }.map { "\(kind)/\(name)/\($0)" }
                let configuration = try? String(
                    contentsOfFile: "\(root)/\(kind)/\(name)/mainstay.yaml", encoding: .utf8)
                return Group(folder: "\(kind)/\(name)", files: files, configuration: configuration)
            }
    }

    /// By guide: `12 GU010`.
    private static func labels() throws -> [String: Set<String>] {
        let text = try String(contentsOfFile: "\(root)/labels.tsv", encoding: .utf8)
        var labels: [String: Set<String>] = [:]
        for line in text.split(separator: "\n").dropFirst() {
            let cells = line.split(separator: "\t").map(String.init)
            try #require(cells.count == 3, "'\(line)' is no label")
            labels[cells[0], default: []].insert("\(cells[1]) \(cells[2])")
        }
        return labels
    }

    private struct Report: Decodable {
        struct Part: Decodable {
            var file: String
            var findings: [Finding]
        }

        struct Finding: Decodable {
            var line: Int
            var code: String
        }

        var guides: [Part]
    }

    @Test("what is wrong is found where it stands, and nothing else is", arguments: groups)
    func found(_ group: Group) async throws {
        try FileManager.default.copyItem(atPath: Self.root, toPath: "\(program.directory)/labelled")
        if let configuration = group.configuration { try program.configure(configuration) }
        let result = try await program.run(
            group.arguments + ["--format=json", "--fail-on=never"] + group.files.map { "labelled/\($0)" })
        #expect(result.exitCode == 0, "\(result.errors)")
        let report = try JSONDecoder().decode(Report.self, from: Data(result.output.utf8))
        #expect(report.guides.map(\.file) == group.files.map { "labelled/\($0)" })
        let labels = try Self.labels()
        for (file, part) in zip(group.files, report.guides) {
            #expect(Set(part.findings.map { "\($0.line) \($0.code)" }) == labels[file] ?? [], "\(file)")
        }
    }

    @Test("there are enough of them, and every rule is broken by one")
    func enough() throws {
        let labels = try Self.labels()
        let files = Self.groups.flatMap(\.files)
        #expect(Set(labels.keys).isSubset(of: files), "labels of guides that are not there")
        let faulty = files.filter { $0.hasPrefix("faulty/") && labels[$0] != nil }
        let clean = files.filter { $0.hasPrefix("clean/") && labels[$0] == nil }
        #expect(faulty.count >= 40 && clean.count >= 40, "\(faulty.count) with faults, \(clean.count) without")
        let broken = Set(labels.values.joined().compactMap { $0.split(separator: " ").last.map(String.init) })
        let missing = GuideRule.allCases.filter { !broken.contains($0.rawValue) }
        #expect(missing.isEmpty, "no labelled guide breaks \(missing.map(\.rawValue).joined(separator: ", "))")
        #expect(broken.isSubset(of: GuideRule.allCases.map(\.rawValue)))
    }
}
