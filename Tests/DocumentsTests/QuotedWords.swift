@testable import Command
import Maintenance

@testable import mainstay

/// What somebody is told to type, held against the program's own parser.
struct QuotedWords: CustomStringConvertible {
    /// Behind `mainstay`, as far as the command goes: to a pipe, a redirection, a bracket or a remark.
    let words: [String]

    /// Made once: it takes a second, and there are hundreds of mentions.
    private static let program = Result { try CommandDescription(program: Mainstay.application([:]).root) }

    var description: String { words.joined(separator: " ") }

    /// All commands of this program in a shell line or a quoted piece of one.
    static func all(in line: String) -> [QuotedWords] {
        line.matches(of: /(?:^|[\s(=])mainstay (.*?)(?= *[|>;&)]|<| #|$)/).map { match in
            QuotedWords(words: split(String(match.output.1)))
        }
    }

    /// As a shell splits them, quotes taken off.
    private static func split(_ line: String) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        for character in line {
            if character == quote {
                quote = nil
            } else if quote == nil, "'\"".contains(character) {
                quote = character
                word = word ?? ""
            } else if quote == nil, character == " " {
                if let word { words.append(word) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        return words + [word].compactMap(\.self)
    }

    /// Why the program does not understand this; nil where it does.
    func problem(in application: Application) throws -> String? {
        do {
            if case .incomplete = try application.parse(words) { return "only a group of commands" }
            return nil
        } catch let mistake as UsageMistake {
            return mistake.problem
        }
    }

    /// The same for words in a sentence, which may name a command without what it needs.
    func problemOfMention(in application: Application) throws -> String? {
        guard !words.contains(where: { $0.hasPrefix("-") && $0 != "--" }) else { return try problem(in: application) }
        let expanded = application.aliases.expand(words)
        let command = try Self.program.get().deepest(expanded)
        let further = expanded.dropFirst(command.words.count).filter { !$0.hasPrefix("-") }
        let takesMore = command.arguments.contains { $0.kind == .positional }
        return further.isEmpty || takesMore ? nil : "there is no command '\(description)'"
    }
}
