import Glibc
import Maintenance

/// Where a configured value comes from: the text itself with `${VARIABLE}` filled in, a file, or a command.
///
/// The source is what is shown and stored; the value is fetched when it is needed and is a `Secret`.
package enum SecretSource: Sendable, Hashable {
    /// Text with variables, in order.
    case text([Piece])
    /// `file:/run/secrets/shop`.
    case file(path: String)
    /// `command:pass show shop`: a shell line, whose standard output is the secret.
    case command(line: String)

    package enum Piece: Sendable, Hashable {
        case literal(String)
        case variable(String)
    }

    /// Reads `file:…`, `command:…` and `…${NAME}…`. A `$` that no `{` follows stands for itself, `$${` for `${`.
    package init(_ text: String) throws(SecretError) {
        if text.hasPrefix("file:") {
            let path = String(text.dropFirst(5)).trimmingWhitespace()
            guard path.hasPrefix("/") else { throw .relativePath(path) }
            self = .file(path: path)
        } else if text.hasPrefix("command:") {
            let line = String(text.dropFirst(8)).trimmingWhitespace()
            guard !line.isEmpty else { throw .emptyCommand }
            self = .command(line: line)
        } else {
            self = .text(try Self.pieces(of: text))
        }
    }

    /// The names of the environment variables that are needed.
    package var variables: [String] {
        guard case .text(let pieces) = self else { return [] }
        return pieces.compactMap { if case .variable(let name) = $0 { name } else { nil } }
    }

    /// Whether the value stands in the configuration itself, where everybody who reads it can see it.
    package var isLiteral: Bool {
        if case .text = self { variables.isEmpty } else { false }
    }

    private static func pieces(of text: String) throws(SecretError) -> [Piece] {
        var pieces: [Piece] = []
        var literal = ""
        var rest = text[...]
        while let character = rest.first {
            if rest.hasPrefix("$${") {
                literal += "${"
                rest = rest.dropFirst(3)
            } else if rest.hasPrefix("${") {
                guard let end = rest.firstIndex(of: "}") else { throw .unclosedVariable }
                let name = String(rest[rest.index(rest.startIndex, offsetBy: 2)..<end])
                let isName =
                    name.utf8.allSatisfy { $0 == UInt8(ascii: "_") || isalnum(Int32($0)) != 0 }
                    && name.first.map { !$0.isNumber } ?? false
                guard isName else { throw .invalidVariable(name) }
                if !literal.isEmpty { pieces.append(.literal(literal)) }
                literal = ""
                pieces.append(.variable(name))
                rest = rest[end...].dropFirst()
            } else {
                literal.append(character)
                rest = rest.dropFirst()
            }
        }
        if !literal.isEmpty || pieces.isEmpty { pieces.append(.literal(literal)) }
        return pieces
    }
}

extension SecretSource {
    /// The value. One trailing line break of a file or a command is not part of it.
    ///
    /// A file must not be readable by everybody; a command has `timeLimit` and shows its standard error when it fails,
    /// never its output. Throws `SecretError`, or `CancellationError`.
    package func resolve(with programs: Programs, timeLimit: Duration = .seconds(30)) async throws -> Secret {
        switch self {
        case .text(let pieces):
            var value = ""
            for piece in pieces {
                switch piece {
                case .literal(let text): value += text
                case .variable(let name):
                    guard let text = programs.environment[name] else { throw SecretError.missingVariable(name) }
                    value += text
                }
            }
            return Secret(value)
        case .file(let path):
            return try Self.secret(try Self.contents(of: path), from: "file:\(path)")
        case .command(let line):
            // The person's own shell line, run with the person's own environment.
            let program = ChildProgram.shell(
                line, environment: ChildEnvironment([:], inheriting: Set(programs.environment.keys)),
                timeLimit: timeLimit)
            let outcome = try await programs.run(program, keeping: ByteCount(Int64(Self.limit)))
            guard outcome.isSuccess else {
                throw SecretError.commandFailed(
                    line: line, termination: outcome.termination, errorOutput: outcome.errorOutput.lastLines(3))
            }
            guard let bytes = outcome.output.bytes else { throw SecretError.tooLong(source: "command:\(line)") }
            return try Self.secret(bytes, from: "command:\(line)")
        }
    }

    /// 64 kB: more than any key file.
    private static let limit = 65_536

    private static func secret(_ bytes: [UInt8], from source: String) throws(SecretError) -> Secret {
        var text = bytes[...]
        if text.last == UInt8(ascii: "\n") { text = text.dropLast() }
        if text.last == UInt8(ascii: "\r") { text = text.dropLast() }
        guard !text.isEmpty else { throw .empty(source: source) }
        guard !text.contains(0), let value = String(validating: text, as: UTF8.self) else {
            throw .notText(source: source)
        }
        return Secret(value)
    }

    private static func contents(of path: String) throws(SecretError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .unreadable(path: path, reason: systemReason(errno)) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .unreadable(path: path, reason: systemReason(errno)) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .unreadable(path: path, reason: "it is not a file") }
        guard status.st_mode & S_IROTH == 0 else { throw .readableByEverybody(path: path) }
        var bytes = [UInt8](repeating: 0, count: limit + 1)
        var count = 0
        while count < bytes.count {
            let (size, number) = bytes[count...].withUnsafeMutableBytes {
                (Glibc.read(descriptor, $0.baseAddress, $0.count), errno)
            }
            if size < 0, number == EINTR { continue }
            guard size >= 0 else { throw .unreadable(path: path, reason: systemReason(number)) }
            if size == 0 { break }
            count += size
        }
        guard count <= limit else { throw .tooLong(source: "file:\(path)") }
        return Array(bytes.prefix(count))
    }
}

/// A secret that could not be had. None of them carries a value.
package enum SecretError: MaintenanceError, Equatable {
    case missingVariable(String)
    case invalidVariable(String)
    case unclosedVariable
    case relativePath(String)
    case emptyCommand
    case unreadable(path: String, reason: String)
    case readableByEverybody(path: String)
    case commandFailed(line: String, termination: ProgramOutcome.Termination, errorOutput: [String])
    case empty(source: String)
    case notText(source: String)
    case tooLong(source: String)

    package var code: String {
        switch self {
        case .missingVariable: "secret.variable-missing"
        case .invalidVariable, .unclosedVariable, .relativePath, .emptyCommand: "secret.malformed"
        case .unreadable: "secret.unreadable"
        case .readableByEverybody: "secret.exposed"
        case .commandFailed: "secret.command-failed"
        case .empty, .notText, .tooLong: "secret.unusable"
        }
    }

    package var problem: String {
        switch self {
        case .missingVariable(let name): "the environment variable '\(name)' is not set"
        case .invalidVariable(let name): "'${\(name.printable)}' is not the name of an environment variable"
        case .unclosedVariable: "'${' has no closing '}'"
        case .relativePath(let path): "'file:\(path.printable)' is not an absolute path"
        case .emptyCommand: "'command:' names no command"
        case .unreadable(let path, let reason): "the secret in '\(path.printable)' cannot be read: \(reason)"
        case .readableByEverybody(let path):
            "the secret in '\(path.printable)' can be read by every user of this machine"
        case .commandFailed(let line, let termination, let errorOutput):
            "the secret's command '\(line.printable)' \(termination)"
                + (errorOutput.isEmpty ? "" : ": \(errorOutput.joined(separator: " / "))")
        case .empty(let source): "the secret from '\(source.printable)' is empty"
        case .notText(let source): "the secret from '\(source.printable)' is not UTF-8 text"
        case .tooLong(let source): "the secret from '\(source.printable)' is longer than 64 kB"
        }
    }

    package var hint: String? {
        switch self {
        case .missingVariable(let name): "Set it before Mainstay starts: export \(name)=…"
        case .invalidVariable: "Names are letters, digits and '_', and do not begin with a digit."
        case .unclosedVariable: "Write '$${' where '${' itself is meant."
        case .relativePath: "Write it from the root: file:/etc/mainstay/shop.password"
        case .emptyCommand: "Write the shell line that prints the secret: command:pass show shop"
        case .unreadable: "Check that it exists and that the user Mainstay runs as may read it."
        case .readableByEverybody(let path): "Run 'chmod o-rwx \(path.shellQuoted.printable)'."
        case .commandFailed: "Run the line by hand as the user Mainstay runs as."
        case .empty, .notText, .tooLong: nil
        }
    }

    package var exitStatus: ExitStatus { .configuration }
}
