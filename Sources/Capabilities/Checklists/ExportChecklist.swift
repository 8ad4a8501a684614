import ArgumentParser
import Command
import Crypto
import Engine
import Foundation
import Maintenance
import Outside
import Page
import Settings

/// `mainstay checklist export NAME --output FILE`
struct ExportChecklist: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "export", "Write a checklist as it stands now into a file, for somebody who was not there.",
        """
        The file needs nothing but itself, and holds the head of the audit trail, against which 'mainstay audit verify' \
        finds a trail that was cut off or rewritten. A file of that name is replaced as a whole.
        """)

    @Argument(help: "The checklist, or the beginning of its name.", completion: .known)
    var name: String
    @Option(help: ArgumentHelp("The file to write.", valueName: "file"), completion: .file())
    var output: LocalPath
    @Option(help: "How it is written.")
    var format: ExportFormat = .html
    @OptionGroup(title: "Where") var environments: EnvironmentOptions
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.open(place, try OutputOptions.parse([]))
        let standings = try await session.standings(name, environments)
        let export = ChecklistExport(
            standings: standings, requester: application.requester, at: application.clock.now(),
            audit: try await session.log.auditHead()?.description)
        let bytes = try format.bytes(export)
        // Links above the file are the person's own who typed the path.
        let url = URL(fileURLWithPath: output.path)
        let folder = url.deletingLastPathComponent().resolvingSymlinksInPath().path
        let file = try FileName(url.lastPathComponent)
        let kept = try await Blocking().run { _ in
            let directory = try SafeDirectory(folder)
            try directory.write(file, bytes)
            return try directory.open(file).contents(limit: bytes.count)
        }
        guard kept == bytes else {
            throw FileError.differs(path: output.path, detail: "it is not what was written")
        }
        application.console.print(
            "mainstay: wrote '\(output.path.printable)', SHA-256 \(SHA256.hash(data: bytes).hexadecimal)")
        return .success
    }
}

/// How an export is written down.
enum ExportFormat: String, CaseIterable, Sendable, ExpressibleByArgument {
    case html, markdown, csv, json

    /// Equal for equal exports.
    func bytes(_ export: ChecklistExport) throws -> [UInt8] {
        switch self {
        case .html: return ChecklistPage(export: export).html.bytes
        case .markdown: return Array(ChecklistMarkdown(export: export).text.utf8)
        case .csv: return Array(export.csvLines.map { $0 + "\r\n" }.joined().utf8)
        case .json:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
            return Array(try encoder.encode(export)) + [UInt8(ascii: "\n")]
        }
    }
}

/// What an export says, in whatever language.
struct ChecklistExport: Encodable, Sendable {
    /// One for each environment.
    var standings: [ChecklistStanding]
    var requester: Requester
    var at: Timestamp
    /// The head of the audit trail, `audit:1234:…`; nil where the trail is empty.
    var audit: String?
    var madeBy = Release.name

    /// Not empty where the checklist is kept nowhere.
    var checklist: String { standings.first?.checklist ?? "checklist" }

    var isComplete: Bool { !standings.isEmpty && standings.allSatisfy(\.isComplete) }

    func count(_ state: ItemState) -> Int { standings.reduce(0) { $0 + $1.items(state).count } }

    /// Until when all of it is green; nil where it is not.
    var countsUntil: Timestamp? { isComplete ? standings.compactMap(\.countsUntil).min() : nil }

    /// One line an item, after one of names (RFC 4180).
    var csvLines: [String] {
        let head = [
            "checklist", "environment", "item", "asks", "answered_by", "state", "why", "at", "counts_until", "run",
            "signed_by", "result", "note", "attachment", "sha256", "remarks", "made_at", "audit",
        ]
        let lines = standings.flatMap { standing in
            standing.items.map { item -> [String] in
                let remarks = item.remarks.map { "\($0.by.name) at \($0.at): \($0.note ?? "")" }
                return [
                    standing.checklist, standing.environment, item.item, item.text, item.answeredBy,
                    item.state.rawValue, item.reason, item.at?.iso8601 ?? "", item.countsUntil?.iso8601 ?? "",
                    item.runID ?? "", item.signOff?.by.name ?? "", item.signOff?.result?.rawValue ?? "",
                    item.signOff?.note ?? "", item.signOff?.attachment?.name ?? "",
                    item.signOff?.attachment?.sha256 ?? "", remarks.joined(separator: "; "), at.iso8601, audit ?? "",
                ]
            }
        }
        return ([head] + lines).map(CSVText.line)
    }
}
