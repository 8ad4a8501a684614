import Maintenance

/// What a team decided about the backups of a database: which stay, how fresh the newest has to be, whether each is
/// proved. Every key is nil where nobody wrote it.
package struct BackupPolicy: Sendable, Equatable {
    /// Those younger than this stay.
    package var retention: Written<Period>?
    /// Those stay that one of its rules chooses, whatever their age.
    package var keep: Written<BackupKeep>?
    /// So many stay in every case.
    package var minimum: Written<Int>?
    /// Whether `backup run` proves what it took without being told, and how much of it.
    package var verification: Written<BackupVerification>?
    package var frequency: Written<BackupFrequency>?
    package var type: Written<BackupType>?
    /// Said by the guides of what is always so: every backup is compressed.
    package var compression: Bool?
    /// Of the copies in repositories, which always are. True where that is asked for, and needs a repository.
    package var encryption: Written<Bool>?
    /// How its cluster is backed up by files; nil where it is not.
    package var physical: PhysicalSettings?
    package var recovery: RecoveryTargets?
    /// By their names; asked of what a proof has restored.
    package var assertions: [String: BackupAssertion]?
    /// The application's own test, started against what a proof has restored.
    package var smokeTest: CommandSettings?

    package init() {}

    /// Whether it says which backups stay; without that all do.
    package var decidesWhatStays: Bool { retention != nil || keep != nil }

    /// The line that allows what does not stay to be removed.
    package var authority: SourceLocation? { keep?.location ?? retention?.location }

    package func overridden(by other: BackupPolicy) -> BackupPolicy {
        var result = self
        result.retention = other.retention ?? retention
        result.keep = other.keep ?? keep
        result.minimum = other.minimum ?? minimum
        result.verification = other.verification ?? verification
        result.frequency = other.frequency ?? frequency
        result.type = other.type ?? type
        result.compression = other.compression ?? compression
        result.encryption = other.encryption ?? encryption
        result.physical = other.physical ?? physical
        result.recovery = other.recovery ?? recovery
        // All of them hold; one that is written again means the same thing said otherwise.
        if let own = other.assertions { result.assertions = (assertions ?? [:]).merging(own) { $1 } }
        result.smokeTest = other.smokeTest ?? smokeTest
        return result
    }
}

package enum BackupType: String, CaseIterable, Sendable {
    /// Every backup is whole.
    case full
    /// The same, and its copies take only what no earlier copy holds: needs a repository.
    case incremental
}

/// How many of the newest stay, and of how many periods the newest one of each. A backup may be chosen by several.
package struct BackupKeep: Sendable, Equatable {
    package var last: Int?
    package var daily: Int?
    package var weekly: Int?
    package var monthly: Int?
    package var yearly: Int?

    package init() {}
}

/// How often there is to be a new backup, and from which age on the newest is too old.
package enum BackupFrequency: String, CaseIterable, Sendable {
    case hourly, daily, weekly, monthly

    package var interval: Duration {
        switch self {
        case .hourly: .seconds(3_600)
        case .daily: .seconds(86_400)
        case .weekly: .seconds(7 * 86_400)
        case .monthly: .seconds(31 * 86_400)
        }
    }

    /// A twelfth more than the interval, which leaves a backup time to be made; at least half an hour.
    package var warning: Duration { interval + max(interval / 12, .seconds(1_800)) }

    /// Two in a row are missing.
    package var critical: Duration { interval * 3 }
}

extension Inventory {
    /// What holds for the backups of a resource: its own words over those of its environment over those for all.
    package func backupPolicy(of target: Target) -> BackupPolicy {
        var policy = backups.policy
        if let environment = self[environment: target.environment] {
            policy = policy.overridden(by: environment.backups)
        }
        if case .postgresql(let access)? = self[target]?.access { policy = policy.overridden(by: access.backups) }
        return policy
    }
}
