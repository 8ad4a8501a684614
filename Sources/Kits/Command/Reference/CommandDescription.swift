import ArgumentParser
import Foundation

/// A command as ArgumentParser itself describes it, with what stands under it: help, reference pages, manual page and
/// near misses are made from this, so none of them can name an option the parser does not know.
///
/// The shape is that of `--experimental-dump-help` (ArgumentParserToolInfo, `ToolInfoV0`).
struct CommandDescription: Decodable, Sendable {
    var name: String
    /// The commands above it, the program first.
    var parents: [String]
    /// One sentence.
    var summary: String
    var discussion: String
    /// Without those that are hidden, and without the parser's own `help`.
    var subcommands: [CommandDescription]
    /// Without those that are hidden, and without `--help` and `--version`.
    var arguments: [Argument]

    /// The program and everything under it.
    init(program root: any ParsableCommand.Type) throws {
        let text: String
        do {
            _ = try root.parseAsRoot(["--experimental-dump-help"])
            preconditionFailure("the parser takes no --experimental-dump-help any more")
        } catch {
            text = root.fullMessage(for: error)
        }
        self = try JSONDecoder().decode(Tool.self, from: Data(text.utf8)).command
    }

    private struct Tool: Decodable {
        var command: CommandDescription
    }

    private enum Keys: String, CodingKey {
        case commandName, superCommands, abstract, discussion, subcommands, arguments, shouldDisplay
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Keys.self)
        name = try values.decode(String.self, forKey: .commandName)
        parents = try values.decodeIfPresent([String].self, forKey: .superCommands) ?? []
        summary = try values.decodeIfPresent(String.self, forKey: .abstract) ?? ""
        discussion = try values.decodeIfPresent(String.self, forKey: .discussion) ?? ""
        isShown = try values.decodeIfPresent(Bool.self, forKey: .shouldDisplay) ?? true
        subcommands = try values.decodeIfPresent([CommandDescription].self, forKey: .subcommands) ?? []
        subcommands.removeAll { !$0.isShown || $0.name == "help" }
        arguments = try values.decodeIfPresent([Argument].self, forKey: .arguments) ?? []
        arguments.removeAll { !$0.shouldDisplay || ["help", "version"].contains($0.preferredName?.name) }
    }

    private var isShown: Bool

    /// As typed behind the program's name: `["db", "update-stats"]`; empty for the program itself.
    var words: [String] { Array((parents + [name]).dropFirst()) }

    /// As typed: `mainstay db update-stats`.
    var spelling: String { (parents + [name]).joined(separator: " ") }

    /// The commands that do something, in the order of the help.
    var leaves: [CommandDescription] { subcommands.isEmpty ? [self] : subcommands.flatMap(\.leaves) }

    /// The command these words lead to, as far as they do.
    func deepest(_ typed: some Sequence<String>) -> CommandDescription {
        var current = self
        for word in typed {
            guard let next = current.subcommands.first(where: { $0.name == word }) else { break }
            current = next
        }
        return current
    }

    struct Argument: Decodable, Sendable {
        var kind: Kind
        var shouldDisplay: Bool
        /// The title of its option group.
        var sectionTitle: String?
        var isOptional: Bool
        var isRepeating: Bool
        var names: [Name]?
        var preferredName: Name?
        var valueName: String?
        var defaultValue: String?
        /// What it may be, where that is a short list.
        var allValues: [String]?
        /// One sentence.
        var abstract: String?

        enum Kind: String, Decodable { case positional, option, flag }

        struct Name: Decodable, Hashable, Sendable {
            var kind: String
            var name: String

            var spelling: String { kind == "long" ? "--\(name)" : "-\(name)" }
        }

        /// The short ones first.
        var spellings: [String] {
            let all = (names ?? []).map(\.spelling)
            return all.filter { $0.count == 2 } + all.filter { $0.count > 2 }
        }

        /// What stands for its value: `<name>`.
        var placeholder: String { "<\(valueName ?? "value")>" }

        /// As help shows it: `-q, --quiet`, `--plan <digest>`, `<routine>`.
        var synopsis: String {
            guard kind != .positional else { return placeholder + (isRepeating ? " ..." : "") }
            let text = spellings.joined(separator: ", ")
            return kind == .flag ? text : "\(text) \(placeholder)"
        }

        /// What may follow the sentence about it: `One of: table, json, csv. Default: table.`
        var particulars: [String] {
            var parts: [String] = []
            if let allValues { parts.append("One of: \(allValues.joined(separator: ", ")).") }
            if let defaultValue, kind != .flag { parts.append("Default: \(defaultValue).") }
            return parts
        }
    }
}
