import ArgumentParser
import Maintenance
import Outside
import Settings

/// `mainstay config …`
package enum ConfigGroup: CommandFamily {
    package static let name = "config"
    package static let summary = "Check, show and describe the configuration."
    package static var commands: [any ParsableCommand.Type] {
        [ConfigCheckCommand.self, ConfigShowCommand.self, ConfigSchemaCommand.self]
    }
}

package struct ConfigCheckCommand: HouseCommand {
    package static let configuration = CommandConfiguration.house(
        "check", "Read the configuration and say everything that is wrong with it at once.",
        """
        Also fetches what stands elsewhere: environment variables, 'file:', which must not be readable by everybody, \
        and 'command:', which must succeed within 30 seconds. Values are never shown. What is right and may be meant \
        otherwise, such as business days without a calendar of holidays, is a note and changes no exit status.
        """)

    @OptionGroup(title: "Configuration") package var place: PlaceOptions

    package init() {}

    package func run(in application: Application) async throws -> ExitStatus {
        let result = try application.readConfiguration(place)
        let unresolved = try await result.unresolved(with: application.programs)
        guard unresolved.isEmpty else { throw ConfigurationError(unresolved) }
        let inventory = result.inventory
        let resources = inventory.environments.reduce(0) { $0 + $1.resources.count }
        for remark in result.remarks { application.console.print("note: \(remark.line)") }
        application.console.print(
            "mainstay: the configuration is fine: \("environment".counted(inventory.environments.count)), "
                + "\("resource".counted(resources)), from \(inventory.sourceFiles.map(\.printable).joined(separator: ", "))"
        )
        return .success
    }
}

package struct ConfigShowCommand: HouseCommand {
    package static let configuration = CommandConfiguration.house(
        "show", "Print the configuration in force, with secrets hidden.")

    @OptionGroup(title: "Configuration") package var place: PlaceOptions

    package init() {}

    package func run(in application: Application) async throws -> ExitStatus {
        let inventory = try application.readConfiguration(place).inventory
        application.console.print(
            EffectiveConfiguration(vocabulary: application.vocabulary).text(inventory).trimmingWhitespace())
        return .success
    }
}

package struct ConfigSchemaCommand: HouseCommand {
    package static let configuration = CommandConfiguration.house(
        "schema", "Print the configuration's JSON Schema, for editors.")

    package init() {}

    package func run(in application: Application) async throws -> ExitStatus {
        application.console.print(ConfigurationSchema(vocabulary: application.vocabulary).json.trimmingWhitespace())
        return .success
    }
}
