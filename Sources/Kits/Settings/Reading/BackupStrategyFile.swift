import Maintenance

/// A guide's `backup-strategy.json`, as its team wrote it: a policy for each environment, and where backups go.
///
/// What it asks for and is not built is told apart from what is wrong: the first is listed and left out, the second
/// refuses the whole file.
package struct BackupStrategyFile: Sendable {
    /// In the order of the file.
    package private(set) var policies: [(environment: String, policy: BackupPolicy)] = []
    /// What it asks for and cannot have yet, in the order of the file.
    package private(set) var unsupported: [Problem] = []

    /// - Parameters:
    ///   - path: a JSON file, `//` comments allowed, or a YAML file.
    ///   - environments: the names there are.
    ///   - storage: what is configured of it: a word for a place is known by its 'called'.
    package init(
        reading path: String, environments: [String], storage: StorageSettings
    ) throws(ConfigurationError) {
        try self.init(try ConfigurationText.read(path), file: path, environments: environments, storage: storage)
    }

    package init(
        _ text: String, file: String, environments: [String], storage: StorageSettings = StorageSettings()
    ) throws(ConfigurationError) {
        let plain = file.hasSuffix(".json") ? JSONComments.removed(from: text) : text
        let reading = Reading(directory: "/")
        let start = SourceLocation(file: file, line: 1, column: 1)
        let tree = try YAMLDocument(plain, file: file).tree() ?? Tree(value: .mapping([]), location: start)
        guard let entries = tree.entries else {
            throw ConfigurationError([
                Problem(
                    "\(tree.found) stands where a mapping is needed", at: tree.location,
                    allowed: "environments, storage")
            ])
        }
        if tree["environments"] == nil {
            reading.report(
                "the key 'environments' is missing", at: tree.location, "", allowed: "policies by environment")
        }
        for entry in entries {
            switch entry.key {
            case "environments": read(entry.value, environments, storage, reading)
            case "storage":
                // Each place is a line of its own for whoever has to do without it.
                for place in entry.value.entries ?? [entry] {
                    let keyPath = place.key == entry.key ? entry.key : "\(entry.key).\(place.key)"
                    let value = place.value.entries == nil ? " (\(place.value.found))" : ""
                    if case .scalar(let word, _) = place.value.value,
                        storage.names(of: place.key)?.contains(word) == true
                    {
                        continue
                    }
                    reading.refusePlanned(
                        "\(Tree.quoted(place.key))\(value)", at: place.location, keyPath,
                        reason: storage.names(of: place.key) == nil
                            ? "backups lie in the one directory of 'backups.directory'"
                            : "nothing is called so in 'backups.storage.\(place.key).called'")
                }
            default:
                reading.report(
                    "unknown key \(Tree.quoted(entry.key))", at: entry.location, entry.key,
                    allowed: "environments, storage",
                    nearest: nearest(to: entry.key, among: ["environments", "storage"]))
            }
        }
        let wrong = reading.problems.filter { !$0.isPlanned }
        guard wrong.isEmpty else { throw ConfigurationError(wrong) }
        unsupported = reading.problems
    }

    private mutating func read(_ tree: Tree, _ known: [String], _ storage: StorageSettings, _ reading: Reading) {
        guard let entries = tree.entries else {
            return reading.refuse(
                tree, "environments", "stands where a mapping is needed", allowed: "policies by environment")
        }
        for entry in entries {
            let keyPath = "environments.\(entry.key)"
            guard known.contains(entry.key) else {
                reading.report(
                    "there is no environment \(Tree.quoted(entry.key))", at: entry.location, keyPath,
                    allowed: known.joined(separator: ", "), nearest: nearest(to: entry.key, among: known))
                continue
            }
            // A key that cannot be had leaves the section's other keys as they are.
            if var policy = BackupPolicySection.format.read(entry.value, keyPath, reading) {
                if storage.repositories.isEmpty { leaveOut(&policy, keyPath, reading) }
                policies.append((entry.key, policy))
            }
        }
    }

    /// What only a repository makes true, where there is none.
    private func leaveOut(_ policy: inout BackupPolicy, _ keyPath: String, _ reading: Reading) {
        for (key, location, reason) in policy.needsRepository {
            let value = key == "type" ? "'incremental'" : "'true'"
            reading.refusePlanned(value, at: location, keyPath.appending(key: key), reason: reason)
            if key == "type" { policy.type = nil } else { policy.encryption = nil }
        }
    }

    /// The same as a configuration, for one file of `mainstay.d`; without anything that is not supported.
    package func text(for file: ConfigurationFile, source: String) -> String {
        let environments = policies.compactMap { environment, policy -> Output.Field? in
            let keys = BackupPolicySection.keys.compactMap { key in
                key.write(policy).map { Output.Field(key: key.shape.name, value: $0) }
            }
            guard !keys.isEmpty else { return nil }
            return Output.Field(
                key: environment, value: .mapping([Output.Field(key: "backups", value: .mapping(keys))]))
        }
        var writer = YAMLWriter()
        writer.write(.mapping([Output.Field(key: "environments", value: .mapping(environments))]))
        return file.marked(writer.lines.joined(separator: "\n") + "\n", from: source)
    }
}
