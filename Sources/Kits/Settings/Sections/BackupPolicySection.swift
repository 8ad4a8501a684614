import Maintenance

/// The keys of a backup policy: they stand under the top-level `backups`, under an environment's, and under a database's.
enum BackupPolicySection {
    static var format: Format<BackupPolicy> {
        Section<BackupPolicy>(prototype: { _ in BackupPolicy() }, keys: keys, later: later).format
    }

    /// Planned, and refused until it is built.
    static let later: Set<String> = [
        "schedule", "storage", "engine", "prune", "policies", "exclude", "window", "copies", "primary", "secondary",
        "offsite",
    ]

    static var keys: [Key<BackupPolicy>] {
        [
            Key(
                "retention", \.retention, Format.age.written,
                "Those younger than this stay; 'backup prune' removes the others once a newer one is proved."),
            Key(
                "keep", \.keep, keep.written,
                "Those that one of these rules chooses stay, beside those younger than 'retention'."),
            Key(
                "minimum", \.minimum, Format.integer(1...1_000).written, standard: .plain("1"),
                "So many of the newest stay in every case."),
            Key(
                "verification", \.verification, verification.written, standard: .plain("false"),
                "Whether 'backup run' proves what it took, as with '--prove'; with 'rotating 1/7' a seventh of its tables "
                    + "each time, by turns, where a proof of all does not fit the night."),
            Key(
                "frequency", \.frequency, Format<BackupFrequency>.choice(later: ["yearly", "continuous"]).written,
                "How often there is to be a new one: what 'backup.age' warns by where 'checks' says nothing else."),
            Key(
                "type", \.type, type.written,
                "Every backup is whole; with 'incremental' its copies send and take only what is new, which needs a "
                    + "repository under 'backups.storage'."),
            Key(
                "compression", \.compression,
                .always(true, "every backup is compressed; 'compression-level' says how much"),
                "Every backup is compressed."),
            Key(
                "encryption", \.encryption, Format.boolean.written,
                "Whether copies have to be encrypted, which those in repositories are: needs one under "
                    + "'backups.storage'."),
            Key(
                "physical", \.physical, PhysicalSections.physical,
                "How the cluster is backed up by files and write-ahead log, beside the backups of the database."),
            Key(
                "recovery", \.recovery, PhysicalSections.recovery,
                "What a recovery may cost at most: 'recovery pitr-test' measures it."),
            Key(
                "assertions", \.assertions, BackupProofSections.assertions,
                "What must be so in every restored copy: SQL, asked read-only when a backup is proved."),
            Key(
                "smoke-test", \.smokeTest, BackupProofSections.smokeTest,
                "The application's own test, started against the restored copy when a backup is proved."),
        ]
    }

    /// A least number where nothing is ever removed would mean nothing.
    static func judge(_ inventory: Inventory, _ reading: Reading) {
        judgeStorage(inventory, reading)
        judgeRotation(inventory, reading)
        FileBackupSections.judge(inventory, reading)
        func report(_ policy: BackupPolicy, _ keyPath: String, unless isMeant: Bool) {
            guard let minimum = policy.minimum, !isMeant else { return }
            reading.report(
                "'minimum' without 'retention' or 'keep' means nothing: all backups stay", at: minimum.location,
                keyPath.appending(key: "minimum"))
        }
        func decides(_ environment: Environment) -> Bool {
            let own = inventory.backups.policy.overridden(by: environment.backups)
            return own.decidesWhatStays
                || environment.resources.contains { resource in
                    let target = Target(environment: environment.name, resource: resource.name)
                    return inventory.backupPolicy(of: target).decidesWhatStays
                }
        }
        let general = inventory.backups.policy
        report(
            general, "backups", unless: general.decidesWhatStays || inventory.environments.contains(where: decides))
        for environment in inventory.environments {
            let path = "environments.\(environment.name)"
            report(environment.backups, "\(path).backups", unless: decides(environment))
            for resource in environment.resources {
                guard case .postgresql(let access) = resource.access else { continue }
                let target = Target(environment: environment.name, resource: resource.name)
                report(
                    access.backups, "\(path).resources.\(resource.name).backups",
                    unless: inventory.backupPolicy(of: target).decidesWhatStays)
            }
        }
    }

    /// What only repositories can give, where there is none.
    private static func judgeStorage(_ inventory: Inventory, _ reading: Reading) {
        guard inventory.backups.storage.repositories.isEmpty else { return }
        func report(_ policy: BackupPolicy, _ keyPath: String) {
            for (key, location, reason) in policy.needsRepository {
                reading.report(
                    "needs a repository under 'backups.storage': \(reason)", at: location, keyPath.appending(key: key))
            }
        }
        report(inventory.backups.policy, "backups")
        for environment in inventory.environments {
            let path = "environments.\(environment.name)"
            report(environment.backups, "\(path).backups")
            for resource in environment.resources {
                guard case .postgresql(let access) = resource.access else { continue }
                report(access.backups, "\(path).resources.\(resource.name).backups")
            }
        }
    }

    private static var type: Format<BackupType> {
        var format = Format<BackupType>.choice()
        format.read = { [read = format.read] tree, keyPath, reading in
            guard case .scalar(let text, _) = tree.value, text == "differential" else {
                return read(tree, keyPath, reading)
            }
            reading.refusePlanned(tree.found, at: tree.location, keyPath, reason: "every backup is whole, 'full'")
            return nil
        }
        return format
    }

    /// `rotating 1/7`, beside true and false.
    private static var verification: Format<BackupVerification> {
        .scalar(
            "true, false, or a part by turns, from 'rotating 1/2' to 'rotating 1/366'",
            schema: ["anyOf": [["type": "boolean"], ["type": "string", "pattern": "^rotating 1/[0-9]{1,3}$"]]]
        ) { text in
            if let isOn = ["true": true, "false": false][text] { return isOn ? .whole : .asked }
            let words = "rotating 1/"
            guard text.utf8.starts(with: words.utf8),
                let parts = Int(String(decoding: text.utf8.dropFirst(words.utf8.count), as: UTF8.self)),
                (2...366).contains(parts)
            else { return nil }
            return .rotating(parts: parts)
        } write: {
            switch $0 {
            case .asked: .plain("false")
            case .whole: .plain("true")
            case .rotating(let parts): .plain("rotating 1/\(parts)")
            }
        }
    }

    /// Proofs of the first part that count no more when the last is proved would never be a whole.
    private static func judgeRotation(_ inventory: Inventory, _ reading: Reading) {
        func report(_ policy: BackupPolicy, _ keyPath: String) {
            guard let written = policy.verification, let parts = written.value.parts else { return }
            let needed = Duration.seconds(86_400) * (parts + 1)
            guard inventory.backups.proveWithin < needed else { return }
            reading.report(
                "with one of \(parts) parts a night, proofs have to count for \(needed.canonical), and "
                    + "'backups.prove-within' is \(inventory.backups.proveWithin.canonical)",
                at: written.location, keyPath.appending(key: "verification"))
        }
        report(inventory.backups.policy, "backups")
        for environment in inventory.environments {
            let path = "environments.\(environment.name)"
            report(environment.backups, "\(path).backups")
            for resource in environment.resources {
                guard case .postgresql(let access) = resource.access else { continue }
                report(access.backups, "\(path).resources.\(resource.name).backups")
            }
        }
    }

    private static var keep: Format<BackupKeep> {
        let count = Format.integer(1...10_000)
        return Section<BackupKeep>(
            prototype: { _ in BackupKeep() },
            keys: [
                Key("last", \.last, count, "So many of the newest."),
                Key("daily", \.daily, count, "The newest of each of so many days that have one."),
                Key("weekly", \.weekly, count, "The same of weeks, which begin on Monday (ISO 8601)."),
                Key("monthly", \.monthly, count, "The same of months."),
                Key("yearly", \.yearly, count, "The same of years."),
            ],
            later: ["hourly", "quarterly", "within", "tags"],
            rules: [.atLeastOne(["last", "daily", "weekly", "monthly", "yearly"])]
        ).format
    }
}

extension Format where Value == Bool {
    /// A switch that has one position so far.
    ///
    /// - Parameter reason: how it is instead, one clause.
    fileprivate static func always(_ position: Bool, _ reason: String) -> Format {
        var format = Format.boolean.map(
            { value, tree, keyPath, reading in
                guard value == position else {
                    reading.refusePlanned(tree.found, at: tree.location, keyPath, reason: reason)
                    return nil
                }
                return value
            }, writing: { $0 })
        format.shape = .scalar(words: position ? "true" : "false", schema: ["enum": [.boolean(position)]])
        return format
    }
}

extension BackupPolicy {
    /// The keys that only a repository makes true, with why.
    var needsRepository: [(key: String, location: SourceLocation, reason: String)] {
        var needs: [(key: String, location: SourceLocation, reason: String)] = []
        if let encryption, encryption.value {
            needs.append(
                ("encryption", encryption.location, "backups are as secret as the directory they lie in"))
        }
        if let type, type.value == .incremental {
            needs.append(("type", type.location, "every backup is whole, 'full'"))
        }
        return needs
    }
}
