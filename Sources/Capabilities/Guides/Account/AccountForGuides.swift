import ArgumentParser
import Command
import Foundation
import Guide
import Maintenance
import Outside

/// `mainstay guide account`
struct AccountForGuides: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "account", "Account for every line of guides: what it became here, and what is missing.",
        """
        Prints a table in Markdown for each guide: every command, schedule, threshold, policy and item of a checklist. \
        With '--into' it takes the place of what stands between the lines '<!-- account -->' and '<!-- end of account \
        -->' of a document.
        """)

    @Argument(help: "Markdown files.", completion: .file(extensions: ["md"]))
    var files: [String]
    @Option(
        help: ArgumentHelp("The document to write it into.", valueName: "document"),
        completion: .file(extensions: ["md"]))
    var into: LocalPath?

    func run(in application: Application) async throws -> ExitStatus {
        let text = try Self.text(files, application)
        guard let into else {
            application.console.print(text)
            return .success
        }
        let url = URL(fileURLWithPath: into.path)
        guard let bytes = try Descriptor.open(into.path).contents(limit: 16 << 20) else {
            throw AccountError.noPlace(into.path)
        }
        let document = String(decoding: bytes, as: UTF8.self)
        guard let begin = document.utf8.firstRange(of: Self.begin.utf8),
            let end = document.utf8.firstRange(of: Self.end.utf8),
            begin.upperBound <= end.lowerBound
        else { throw AccountError.noPlace(into.path) }
        let new = "\(document[..<begin.upperBound])\n\(text)\n\(document[end.lowerBound...])"
        if new == document {
            application.console.print("mainstay: '\(into.path.printable)' is as it should be")
        } else {
            try SafeDirectory(url.deletingLastPathComponent().path)
                .write(try FileName(url.lastPathComponent), Array(new.utf8))
            application.console.print("mainstay: wrote '\(into.path.printable)'")
        }
        return .success
    }

    static let begin = "<!-- account -->"
    static let end = "<!-- end of account -->"

    /// A table for each guide, and one line above each that counts.
    static func text(_ files: [String], _ application: Application) throws -> String {
        let meanings = try CommandMeanings(application)
        var parts: [String] = []
        for path in files {
            let file = try GuideFile(path)
            var resolver = Resolver(meanings, scripts: try file.scripts().names)
            parts.append(GuideAccount(file.guide, application, resolver: &resolver).markdown)
        }
        return parts.joined(separator: "\n\n")
    }
}

enum AccountError: MaintenanceError {
    case noPlace(String)

    var code: String { "guide.no-place" }

    var problem: String {
        switch self {
        case .noPlace(let path):
            "'\(path.printable)' has no lines '\(AccountForGuides.begin)' and '\(AccountForGuides.end)'"
        }
    }

    var hint: String? { "Nothing was changed. Put both lines where the tables belong." }
    var exitStatus: ExitStatus { .configuration }
}

extension GuideAccount {
    var markdown: String {
        let name = (file.split(separator: "/").last.map(String.init) ?? file).printable
        let counts = Kind.allCases.compactMap { kind -> String? in
            let all = rows.filter { $0.kind == kind }
            guard !all.isEmpty else { return nil }
            let whole = all.count { $0.missing.isEmpty }
            return "\(kind.plural(all.count)), \(whole == all.count ? "all" : whole.grouped) with nothing missing"
        }
        var lines = ["### \(name)", "", "\(counts.joined(separator: "; ")).", ""]
        lines += ["| line | what | in the guide | became | missing |", "| --- | --- | --- | --- | --- |"]
        for row in rows {
            let cells = [String(row.line), row.kind.rawValue, row.text.codeCell, row.became.cell, row.missing.cell]
            lines.append("| \(cells.joined(separator: " | ")) |")
        }
        return lines.joined(separator: "\n")
    }
}

extension GuideAccount.Kind {
    fileprivate func plural(_ count: Int) -> String {
        switch self {
        case .checklist: "item".counted(count) + " of checklists"
        case .policy: "\(count.grouped) \(count == 1 ? "policy" : "policies")"
        default: rawValue.counted(count)
        }
    }
}

extension String {
    fileprivate var cell: String {
        printable.replacingBytes(of: "|", with: "\\|").replacingBytes(of: "<", with: "&lt;")
    }

    /// As code, however many backticks it has; at most 100 characters.
    fileprivate var codeCell: String {
        let text = printable.replacingBytes(of: "|", with: "\\|")
        let short = text.count > 100 ? "\(text.prefix(99))…" : text
        return short.containsBytes("`") ? "`` \(short) ``" : "`\(short)`"
    }
}
