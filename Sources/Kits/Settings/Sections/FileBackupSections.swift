import Maintenance

/// `backups.files`: configuration files and application trees.
enum FileBackupSections {
    static var format: Format<[FileBackupSettings]> {
        let section = Section<FileBackupDraft>(
            prototype: { _ in FileBackupDraft() },
            keys: [
                Key("environment", \.environment, .name, isRequired: true, "Whose they are."),
                Key("directory", \.directory, .absolutePath, isRequired: true, "Where they lie."),
                Key(
                    "include", \.include, .list(of: .glob),
                    "Names right in the directory, such as '.env*'; without it, everything in it."),
                Key(
                    "exclude", \.exclude, .list(of: .glob),
                    "Names that are left out at every level, with all below them: node_modules, .git"),
            ],
            later: ["schedule", "storage", "keep", "retention", "follow-links"])
        return Format<[Named<FileBackupDraft>]>.named("file set", section.format).map(
            { items, _, _, _ in
                items.compactMap { item in
                    guard let environment = item.value.environment, let directory = item.value.directory else {
                        return nil
                    }
                    return FileBackupSettings(
                        name: item.name, environment: environment, directory: directory,
                        include: item.value.include, exclude: item.value.exclude, location: item.location)
                }
            },
            writing: { sets in
                sets.map { set in
                    Named(
                        name: set.name,
                        value: FileBackupDraft(
                            environment: set.environment, directory: set.directory, include: set.include,
                            exclude: set.exclude), location: set.location)
                }
            })
    }

    /// Files hold secrets, so that they go nowhere but into a repository.
    static func judge(_ inventory: Inventory, _ reading: Reading) {
        let names = inventory.environments.map(\.name)
        for set in inventory.backups.files {
            let path = "backups.files.\(set.name)"
            if !names.contains(set.environment) {
                reading.report(
                    "there is no environment \(Tree.quoted(set.environment))", at: set.location,
                    path.appending(key: "environment"), allowed: names.joined(separator: ", "),
                    nearest: nearest(to: set.environment, among: names))
            }
            if inventory.backups.storage.repositories.isEmpty {
                reading.report(
                    "needs a repository under 'backups.storage': files such as .env hold secrets, and a plain archive "
                        + "would show them", at: set.location, path)
            }
        }
    }
}

private struct FileBackupDraft: Sendable {
    var environment: String?
    var directory: String?
    var include: [String] = []
    var exclude: [String] = []
}
