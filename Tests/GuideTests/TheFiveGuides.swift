import Foundation
import Guide
import Testing

/// The guides that Mainstay was made for, as their teams wrote them.
struct TheFiveGuides {
    static let names = ["environment-management", "event-manager", "contribux", "next-portal", "agentic-ecosystem"]

    private static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent()
        .appendingPathComponent("Fixtures/guides")

    static func guide(_ name: String) throws -> Guide {
        let file = directory.appendingPathComponent("\(name).md")
        return try Guide(file: "\(name).md", bytes: [UInt8](Data(contentsOf: file)))
    }

    /// A line of the table of commands that people made of the guides by hand.
    struct Row: Hashable {
        var guide: String
        var line: Int
        var command: String
    }

    static func rows() throws -> [Row] {
        let text = try String(contentsOf: directory.appendingPathComponent("commands.tsv"), encoding: .utf8)
        return try text.split(separator: "\n").dropFirst().map { line in
            let cells = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            let number = try #require(cells.dropFirst().first.flatMap { Int($0) })
            return Row(
                guide: try #require(cells.first), line: number, command: try #require(cells.dropFirst(4).first))
        }
    }
}
