import Maintenance

/// The keys under `backups.physical` and `backups.recovery`.
enum PhysicalSections {
    static var physical: Format<PhysicalSettings> {
        let standard = PhysicalSettings()
        return Section<PhysicalSettings>(
            prototype: { _ in PhysicalSettings() },
            keys: [
                Key(
                    "engine", \.engine, .choice(later: ["barman", "wal-g"]), standard: standard.engine,
                    "What takes them: pgBackRest, with its own configuration and retention, or PostgreSQL's pg_basebackup into "
                        + "'backups.directory', without the log of the time after."),
                Key("stanza", \.writtenStanza, stanza, "pgBackRest's name for the cluster, which that one needs."),
                Key(
                    "configuration", \.configuration, .path, standard: standard.configuration,
                    "The team's own pgbackrest.conf; it is read, and never written."),
                Key(
                    "superuser", \.superuser, .text, standard: standard.superuser,
                    "The superuser of the cluster, as whom a restored copy of it is looked into."),
                Key(
                    "standby", \.standby, Format.name.written,
                    "A standby of it in the same environment, by its name here: a restored copy is held against it."),
            ],
            later: ["schedule", "retention", "repositories", "host"]
        ).format.map(
            { settings, tree, keyPath, reading in
                switch settings.engine {
                case .pgbackrest where tree["stanza"] == nil:
                    reading.report(
                        "the key 'stanza' is missing", at: tree.location, keyPath, allowed: stanza.shape.words)
                    return nil
                case .basebackup where !settings.stanza.isEmpty:
                    reading.report(
                        "base backups are of no stanza", at: tree.location, keyPath.appending(key: "stanza"))
                    return nil
                default: return settings
                }
            }, writing: { $0 })
    }

    static var recovery: Format<RecoveryTargets> {
        let bound = Format.duration(.seconds(1)...(.seconds(366 * 86_400)))
        return Section<RecoveryTargets>(
            prototype: { _ in RecoveryTargets() },
            keys: [
                Key("rpo", \.rpo, bound, "How much work a loss of the server may cost, in time (recovery point)."),
                Key("rto", \.rto, bound, "How long it may take to have the database back (recovery time)."),
                Key(
                    "drill-within", \.drillWithin, bound,
                    "How long a drill counts ('dr test'); without it \(RecoveryTargets.usualDrillWithin.canonical)."),
            ],
            later: ["rlo", "priority", "order", "scenario"],
            rules: [.atLeastOne(["rpo", "rto", "drill-within"])]
        ).format
    }

    /// A standby that is not there would leave its rung out for ever.
    static func judge(_ inventory: Inventory, _ reading: Reading) {
        var seen: Set<SourceLocation> = []
        for environment in inventory.environments {
            let databases = environment.resources.filter { $0.kind == .postgresql }.map(\.name)
            for name in databases {
                let target = Target(environment: environment.name, resource: name)
                guard let standby = inventory.backupPolicy(of: target).physical?.standby,
                    !databases.contains(standby.value) || standby.value == name, seen.insert(standby.location).inserted
                else { continue }
                reading.report(
                    standby.value == name
                        ? "'\(name)' is no standby of itself"
                        : "there is no database '\(standby.value)' in the environment '\(environment.name)'",
                    at: standby.location, "environments.\(environment.name).resources.\(name).backups.physical.standby",
                    allowed: databases.count > 1 ? databases.filter { $0 != name }.joined(separator: ", ") : nil)
            }
        }
    }

    /// What pgBackRest takes as the name of a stanza, and no option of it.
    private static var stanza: Format<String> {
        .scalar(
            "the name of a stanza: letters, digits, '.', '_', '-'",
            schema: ["type": "string", "pattern": "^[A-Za-z0-9_][A-Za-z0-9._-]*$"]
        ) { text in
            let bytes = Array(text.utf8)
            guard let first = bytes.first, first != UInt8(ascii: "-"), first != UInt8(ascii: ".") else { return nil }
            let isPlain = bytes.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
            return isPlain ? text : nil
        } write: {
            .text($0)
        }
    }
}

extension PhysicalSettings {
    /// Nil until it is read.
    fileprivate var writtenStanza: String? {
        get { stanza.isEmpty ? nil : stanza }
        set { stanza = newValue ?? "" }
    }
}
