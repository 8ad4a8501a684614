import Command
import Guide
import Maintenance

extension GuideReport {
    /// SARIF 2.1.0 (docs.oasis-open.org/sarif): what code scanning of GitHub, GitLab and editors read.
    func sarif() throws -> String { try JSONText.make(SARIF(self)) }
}

private struct SARIF: Encodable {
    var schema = "https://json.schemastore.org/sarif-2.1.0.json"
    var version = "2.1.0"
    var runs: [Run]

    enum CodingKeys: String, CodingKey {
        case schema = "$schema"
        case version, runs
    }

    struct Run: Encodable {
        var tool: Tool
        var results: [Result]
    }

    struct Tool: Encodable { var driver: Driver }

    struct Driver: Encodable {
        var name = "mainstay"
        var version = Release.name
        var rules: [Rule]
    }

    struct Rule: Encodable {
        var id: String
        var shortDescription: Message
    }

    struct Message: Encodable { var text: String }

    struct Result: Encodable {
        var ruleId: String
        var level: String
        var message: Message
        var locations: [Location]
        var suppressions: [Suppression]?
    }

    struct Location: Encodable { var physicalLocation: PhysicalLocation }

    struct PhysicalLocation: Encodable {
        var artifactLocation: Artifact
        var region: Region
    }

    struct Artifact: Encodable { var uri: String }
    struct Region: Encodable { var startLine: Int }

    struct Suppression: Encodable {
        var kind = "inSource"
        var justification: String
    }

    init(_ report: GuideReport) {
        let rules = GuideRule.allCases.map { Rule(id: $0.rawValue, shortDescription: Message(text: $0.title)) }
        let results = report.guides.flatMap { part in
            (part.findings + part.waived).map { finding in
                Result(
                    ruleId: finding.code, level: finding.severity.sarifLevel,
                    message: Message(text: [finding.problem, finding.fix].compactMap(\.self).joined(separator: ". ")),
                    locations: [
                        Location(
                            physicalLocation: PhysicalLocation(
                                artifactLocation: Artifact(uri: part.file.percentEncodedPath),
                                region: Region(startLine: finding.line)))
                    ], suppressions: finding.waiver.map { [Suppression(justification: $0)] })
            }
        }
        runs = [Run(tool: Tool(driver: Driver(rules: rules)), results: results)]
    }
}

extension Severity {
    fileprivate var sarifLevel: String {
        switch self {
        case .critical: "error"
        case .warning: "warning"
        case .info: "note"
        }
    }
}

extension String {
    /// As a relative reference (RFC 3986); what is no letter, digit or sign of a path is escaped.
    fileprivate var percentEncodedPath: String {
        utf8.map { byte in
            let isPlain =
                byte >= 0x30 && byte <= 0x39 || byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7a
                || "-._~/".utf8.contains(byte)
            return isPlain
                ? String(Unicode.Scalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16).uppercased()
        }.joined()
    }
}
