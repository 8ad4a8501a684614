import ArgumentParser
import Foundation
import Maintenance
import Outside

/// `mainstay man`
package struct ManualCommand: HouseCommand {
    package static let configuration = CommandConfiguration.house(
        "man", "Print the manual page mainstay(1), for man and mandoc.",
        "'mainstay man | man -l -' shows it; 'mainstay man > /usr/local/share/man/man1/mainstay.1' installs it.")

    package init() {}

    package func run(in application: Application) async throws -> ExitStatus {
        application.console.print(try ManualPage(application).text.trimmingWhitespace())
        return .success
    }
}

/// `mainstay completion SHELL`
package struct CompletionCommand: HouseCommand {
    package static let configuration = CommandConfiguration.house(
        "completion", "Print what makes a shell complete mainstay's commands and options.",
        """
        For this shell only: 'source <(mainstay completion bash)'. For good: write it to \
        ~/.local/share/bash-completion/completions/mainstay, to a file _mainstay in a directory of zsh's fpath, or to \
        ~/.config/fish/completions/mainstay.fish.
        """)

    @Argument(help: "Which shell.")
    package var shell: Shell

    package init() {}

    package enum Shell: String, ExpressibleByArgument, CaseIterable, Sendable {
        case bash, zsh, fish

        fileprivate var completionShell: CompletionShell {
            switch self {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        }
    }

    package func run(in application: Application) async throws -> ExitStatus {
        let script = application.root.completionScript(for: shell.completionShell)
        application.console.print(script.trimmingWhitespace())
        return .success
    }
}

/// `mainstay reference --directory DIRECTORY`
package struct ReferenceCommand: HouseCommand {
    package static let configuration = CommandConfiguration.house(
        "reference", "Write the reference pages from the declarations (for those who develop Mainstay).",
        """
        Pages that are there and were made by this command are replaced, or removed where they describe nothing any \
        more; no other file is touched. A test holds 'docs/reference' against what this command writes.
        """)

    @Option(help: ArgumentHelp("Where to write the pages; it is made if it is not there.", valueName: "directory"))
    package var directory: String

    package init() {}

    package func run(in application: Application) async throws -> ExitStatus {
        let pages = try Reference(application).pages
        let outcome: (written: Int, removed: Int)
        do {
            outcome = try ReferenceFiles(directory: directory).write(pages)
        } catch let error as CocoaError {
            throw CommandError.files(directory: directory, reason: error.localizedDescription)
        }
        application.console.print(
            "mainstay: \(pages.count) pages in '\(directory.printable)': \(outcome.written) written, "
                + "\(outcome.removed) removed, the others were current")
        return .success
    }
}

/// Pages on the disk. Only files that carry the mark are replaced or removed.
private struct ReferenceFiles {
    var directory: String

    func write(_ pages: [String: String]) throws -> (written: Int, removed: Int) {
        let (old, foreign) = try present()
        if let path = foreign.first(where: { pages[$0] != nil }) {
            throw CommandError.notOurs(path: "\(directory)/\(path)")
        }
        var written = 0
        for (path, text) in pages.sorted(by: { $0.key < $1.key }) where old[path] != text {
            let file = URL(fileURLWithPath: "\(directory)/\(path)")
            try file.deletingLastPathComponent().makeDirectory()
            try Data(text.utf8).write(to: file, options: .atomic)
            written += 1
        }
        let stale = old.keys.filter { pages[$0] == nil }
        for path in stale { try FileManager.default.removeItem(atPath: "\(directory)/\(path)") }
        return (written, stale.count)
    }

    /// The Markdown files under the directory: those with the mark, and the paths of the others.
    private func present() throws -> (marked: [String: String], foreign: Set<String>) {
        var marked: [String: String] = [:]
        var foreign: Set<String> = []
        guard FileManager.default.fileExists(atPath: directory) else { return (marked, foreign) }
        for path in try FileManager.default.subpathsOfDirectory(atPath: directory) where path.hasSuffix(".md") {
            let text = try String(contentsOfFile: "\(directory)/\(path)", encoding: .utf8)
            if text.hasPrefix(MarkdownPage.mark) { marked[path] = text } else { foreign.insert(path) }
        }
        return (marked, foreign)
    }
}

extension URL {
    fileprivate func makeDirectory() throws {
        try FileManager.default.createDirectory(at: self, withIntermediateDirectories: true)
    }
}
