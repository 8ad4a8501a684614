import Maintenance
import Settings

/// How a command changes the configuration: it writes one file of `mainstay.d`, whose difference was shown, and only if the
/// whole configuration can be read with it.
package struct ConfigurationEditing: Sendable {
    /// As it is now.
    package let inventory: Inventory
    package let file: ConfigurationFile
    private let configuration: String
    private let application: Application

    fileprivate init(_ application: Application, _ topic: String, _ command: String, _ place: PlaceOptions) throws {
        configuration = try application.configurationFile(place)
        inventory = try application.readConfiguration(place).inventory
        file = ConfigurationFile(topic, writtenBy: command, beside: configuration)
        self.application = application
    }

    /// Shows what changes, reads the configuration as it would be, and puts the text into its place.
    ///
    /// - Throws: `ConfigurationError` for a configuration that would be wrong; nothing is written then.
    package func write(_ text: String, isDryRun: Bool) throws {
        let console = application.console
        let old = try file.text()
        let path = file.path.printable
        guard old != text else {
            console.print("mainstay: '\(path)' is as it should be")
            return
        }
        showDifference(from: old ?? "", to: text)
        _ = try ConfigurationReader(vocabulary: application.vocabulary).read(configuration, replacing: file, with: text)
        guard !isDryRun else {
            console.print("mainstay: nothing was written; it would be '\(path)'")
            return
        }
        try file.write(text, over: old)
        console.print("mainstay: wrote '\(path)'; 'mainstay config show' shows what is in force")
    }

    /// The configuration as it would be with a text in the file's place; nothing is written.
    package func inventory(with text: String) throws -> Inventory {
        try ConfigurationReader(vocabulary: application.vocabulary).read(configuration, replacing: file, with: text)
            .inventory
    }

    package func showDifference(from old: String, to text: String) {
        application.console.showDifference(from: old, to: text)
    }

    /// Says what of a team's own file was not taken over.
    ///
    /// - Returns: how the command ends.
    package func leaveOut(_ problems: [Problem]) -> ExitStatus {
        guard !problems.isEmpty else { return .success }
        application.console.note("not written, because it is not supported yet:")
        for problem in problems { application.console.note("  \(problem.line)") }
        return .findings
    }
}

extension Application {
    /// - Parameters:
    ///   - topic: the file's name without its ending.
    ///   - command: that writes it, as it is typed.
    package func editing(_ topic: String, by command: String, _ place: PlaceOptions) throws -> ConfigurationEditing {
        try ConfigurationEditing(self, topic, command, place)
    }
}

extension Console {
    /// Line by line, as it is shown before a file is written.
    package func showDifference(from old: String, to new: String) {
        for line in LineDifference(from: old, to: new).lines(Style(usesColor: usesColor)) { print(line) }
    }
}
