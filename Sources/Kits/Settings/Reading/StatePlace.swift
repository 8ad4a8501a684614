import Foundation
import Maintenance

extension ConfigurationReader {
    /// What a configuration that cannot be used still says for certain: where the state is, and what its environments are
    /// called. They have no resources, and nothing can be done in them; but what is written down can be read, held and
    /// rejected.
    ///
    /// Nil where the place of the state stands there and is not understood: another one would be somebody else's.
    package func rest(of path: String) -> Inventory? {
        let reading = Reading(directory: URL(fileURLWithPath: path).deletingLastPathComponent().path)
        var inventory = Inventory()
        var names: Set<String> = []
        do throws(ConfigurationError) {
            for file in [path] + (try Self.additions(beside: path)) {
                let text = try ConfigurationText.read(file)
                guard let tree = try Self.understood(text, file) else { continue }
                for entry in tree["environments"]?.entries ?? [] where names.insert(entry.key).inserted {
                    inventory.environments.append(Environment(name: entry.key, location: entry.location))
                }
                guard let state = tree["state"] else { continue }
                guard inventory.stateDirectory == nil,
                    let directory = Format<String>.path.read(state, "state", reading), reading.problems.isEmpty
                else { return nil }
                inventory.stateDirectory = directory
            }
            return inventory
        } catch {
            return nil
        }
    }

    /// A file, or of one that is no YAML the lines that say where the state is.
    private static func understood(_ text: String, _ file: String) throws(ConfigurationError) -> Tree? {
        do throws(ConfigurationError) {
            return try tree(text, file)
        } catch {
            guard !file.hasSuffix(".json") else { throw error }
            let lines = text.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("state:") }
            return try lines.isEmpty ? nil : tree(lines.joined(separator: "\n") + "\n", file)
        }
    }
}
