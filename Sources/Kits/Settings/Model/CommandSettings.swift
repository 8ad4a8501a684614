import Maintenance
import Outside

/// A program of the team's own as a step of a routine: exactly what is started, and what its end means.
package struct CommandSettings: Sendable, Hashable {
    /// Program and arguments, handed over as they are. A shell line is `/bin/sh`, `-c` and the line.
    package var program: [String]
    /// Absolute; nil for the root directory.
    package var directory: String?
    /// Variables beside the few every child has. Values are as written: `${NAME}`, `file:` and `command:` are looked up
    /// when the program starts, so that no secret stands in a plan.
    package var variables: [String: String] = [:]
    /// What counts as success, sorted.
    package var exitStatuses = [0]
    /// What is not said otherwise is believed to remove data.
    package var effect: Effect = .destroys
    /// Whether doing it twice is the same as doing it once: then a crash in its middle needs no person.
    package var isIdempotent = false
    /// A program that exits with 0 where the work is done and with 1 where it is not; anything else: it cannot tell.
    package var proof: [String]?
    /// The resources of its environment that it takes out of service for as long as it runs.
    package var interrupts: [String] = []
    /// How far its update reaches, for rules about approvals; nil for what is no update.
    package var changeClass: ChangeClass?
    /// After this its whole process group is ended.
    package var timeLimit: Duration = .seconds(3_600)
    /// Of longer output the first and the last part are kept.
    package var outputLimit = ByteCount(65_536)

    package init(program: [String]) { self.program = program }

    /// The shell line, where it is one.
    package var shellLine: String? {
        program.count == 3 && program[0] == Self.shell && program[1] == "-c" ? program[2] : nil
    }

    package static let shell = "/bin/sh"

    package static func shell(_ line: String) -> CommandSettings { CommandSettings(program: [shell, "-c", line]) }

    /// Whether it may be started again where nobody knows what became of the first time.
    package var mayRepeat: Bool { effect == .observes || isIdempotent }
}

extension CommandSettings {
    /// The variables' values, looked up now.
    ///
    /// - Throws: what looking up a file or a command throws.
    package func resolvedVariables(with programs: Programs) async throws -> [String: Secret] {
        var values: [String: Secret] = [:]
        let place = SourceLocation(file: "the configuration", line: 1, column: 1)
        for (name, written) in variables {
            let text = try ConfiguredText(written, secrecy: .url, location: place)
            values[name] = try await text.resolve(with: programs)
        }
        return values
    }

    /// Where a program is: on the search path, or, with a slash in its name, from the working directory.
    package func path(of name: String, _ programs: Programs) throws(ProgramError) -> String {
        guard name.utf8.contains(UInt8(ascii: "/")), !name.hasPrefix("/") else { return try programs.find(name) }
        return try programs.find("\(directory ?? "")/\(name)")
    }
}
