/// One word of a shell line.
package struct ShellWord: Sendable, Hashable {
    /// Without quotes and backslashes; what the shell would put in stands as it was written: `$(date +%Y)`.
    package var text = ""
    /// As written.
    package var raw = ""
    package var line: Int
    package var isQuoted = false
    /// Whether the shell would put something in: variables, commands, arithmetic.
    package var isExpanded = false
    /// `<version>`: what the writer left to the reader, and a shell would take for two redirections.
    package var placeholders: [String] = []

    package init(line: Int) { self.line = line }
}

/// Where a command's input comes from or its output goes.
package struct ShellRedirection: Sendable, Hashable {
    /// `>`, `>>`, `<`, `<<`, `2>`
    package var sign: String
    package var target: ShellWord
    /// Of a here-document.
    package var body: String?
}

/// One program with its arguments.
package struct ShellCommand: Sendable, Hashable {
    package var words: [ShellWord] = []
    /// `NAME=value` before the program.
    package var assignments: [ShellWord] = []
    package var redirections: [ShellRedirection] = []
    package var line: Int
    /// Whether its input is what the command before it writes.
    package var isFed = false
    /// Whether it ends only together with its shell: `&`.
    package var isInBackground = false

    /// The program's name without its directory, behind `sudo`, `env` and their like.
    package var program: String { leading.first?.text.split(separator: "/").last.map(String.init) ?? "" }
    /// What stands behind the program.
    package var arguments: [ShellWord] { Array(leading.dropFirst()) }
    package var argumentTexts: [String] { arguments.map(\.text) }

    /// From the real program on.
    private var leading: ArraySlice<ShellWord> {
        var rest = words[...]
        while let first = rest.first?.text, Self.prefixes.contains(first) {
            rest = rest.dropFirst().drop { $0.text.hasPrefix("-") || first == "env" && $0.text.contains("=") }
        }
        return rest
    }

    private static let prefixes: Set = ["sudo", "env", "nohup", "command", "exec", "time", "nice", "doas", "builtin"]
}

/// All that is done before the next line begins: a command, a pipeline, a list, a whole loop.
package struct ShellLine: Sendable, Hashable {
    /// As written, on one line; for people.
    package var text: String
    /// As written, without the comment behind it; what a shell is given.
    package var source: String
    package var line: Int
    package var endLine: Int
    /// In the order they stand, those of loops and groups as well.
    package var commands: [ShellCommand]
    /// Whether it is a loop, a condition, a group or a function.
    package var isCompound: Bool
    /// The comments directly above it, and the one behind it, without their signs.
    package var comments: [String]
}

/// What keeps a shell from reading a script.
package struct ShellProblem: Sendable, Hashable, Error {
    /// One clause.
    package var text: String
    package var line: Int

    package init(_ text: String, line: Int) {
        self.text = text
        self.line = line
    }
}
