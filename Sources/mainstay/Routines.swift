import Engine
import Maintenance
import Settings

/// The routines that are shipped; a configuration overrides one by its name. They hold what is built of the guides'
/// routines; docs/routines.md names what is not.
let routines: [Routine] = [
    Routine(
        "daily",
        summary: "proved backups, health, statistics, relationships, logs, temporary files, and the report of the day",
        schedule: "daily 02:00 UTC",
        steps: [
            ["backup", "run", "--prove"],
            ["backup", "copy"],
            ["backup", "prune"],
            ["health", "check"],
            ["db", "update-stats"],
            ["db", "connections"],
            ["data", "validate-relationships"],
            ["logs", "rotate"],
            ["data", "cleanup-temp"],
            ["report", "prune"],
            ["history", "prune"],
            ["report", "daily"],
        ],
        aliases: [.init("maintenance:daily")]),
    Routine(
        "morning",
        summary: "whether everything is well before people begin to work; it only looks",
        mode: .manual,
        steps: [
            ["health", "check"],
            ["db", "connections"],
        ],
        aliases: [.init("maintenance:morning")]),
    Routine(
        "evening",
        summary: "how the day was: health, connections, and what was measured since the day before, mailed to nobody",
        mode: .manual,
        steps: [
            ["health", "check"],
            ["db", "connections"],
            ["report", "performance", "--since=1d", "--no-email"],
        ],
        aliases: [.init("maintenance:evening")]),
    Routine(
        "weekly",
        summary:
            "what is wrong with databases, their vacuum, statistics and indexes, every relationship, backups restored, "
            + "and the report of the week",
        schedule: "Sundays 03:00 UTC", mode: .semiAutomatic,
        steps: [
            ["health", "check"],
            ["db", "doctor"],
            ["db", "optimize"],
            ["db", "vectors"],
            ["db", "connections", "--auto-size"],
            ["data", "validate-relationships"],
            ["backup", "verify"],
            ["recovery", "pitr-test"],
            ["backup", "cross-region"],
            ["logs", "rotate"],
            ["data", "cleanup-temp"],
            ["report", "weekly", "--trend-analysis"],
        ],
        requirements: ["recovery pitr-test": .physicalBackups, "backup cross-region": .storages],
        aliases: [.init("maintenance:weekly")]),
    Routine(
        "weekly-performance",
        summary: "how well everything answers, and the report about performance; it only looks",
        schedule: "Saturdays 03:00 UTC",
        steps: [
            ["health", "check"],
            ["report", "performance"],
        ]),
    Routine(
        "monthly",
        summary: "a proved backup, a drill with it, a look at databases and their data, and the report of the month",
        schedule: "first Sunday 02:00 UTC", mode: .manual,
        steps: [
            ["backup", "run", "--prove"],
            ["dr", "test", "--scenario=database-failure"],
            ["dr", "readiness-check"],
            ["health", "check"],
            ["db", "doctor", "--habits"],
            ["db", "bloat"],
            ["db", "optimize"],
            ["data", "integrity-check"],
            ["data", "quality"],
            ["report", "prune"],
            ["report", "backup"],
            ["report", "monthly", "--detailed", "--trend-analysis"],
        ],
        aliases: [.init("maintenance:monthly", implied: ["--comprehensive"])]),
    Routine(
        "monthly-baseline",
        summary: "how the month was against the one before, as numbers to compare with; it only looks",
        schedule: "first Sunday 01:00 UTC",
        steps: [
            ["health", "check"],
            ["report", "performance", "--since=31d", "--trend-analysis"],
        ]),
    Routine(
        "monthly-database",
        summary: "databases in depth: habits, indexes, storage, vectors and values; it only looks and tells",
        schedule: "second Sunday 02:00 UTC",
        steps: [
            ["db", "doctor", "--habits"],
            ["db", "advise-indexes"],
            ["db", "bloat"],
            ["db", "vectors"],
            ["data", "quality"],
            ["report", "database"],
        ]),
    Routine(
        "quarterly",
        summary:
            "the newest backups restored, whole environments brought back, health, every relationship, and the report of "
            + "the quarter",
        schedule: "first Sunday of quarter 04:00 UTC", mode: .manual,
        steps: [
            ["backup", "verify"],
            ["dr", "test", "--scenario=complete-failure"],
            ["dr", "review-times"],
            ["health", "check"],
            ["data", "validate-relationships"],
            ["report", "quarterly", "--trend-analysis"],
        ],
        aliases: [.init("maintenance:quarterly", implied: ["--strategic-review"])]),
    Routine(
        "emergency",
        summary: "what is wrong now, who is connected, and a proved backup before anything is mended",
        steps: [
            ["health", "check"],
            ["db", "connections"],
            ["backup", "run", "--prove"],
        ],
        aliases: [.init("maintenance:emergency")]),
]

extension Routine.Requirement {
    fileprivate static let physicalBackups = Routine.Requirement("where physical backups are configured") {
        inventory, target in inventory.backupPolicy(of: target).physical != nil
    }

    fileprivate static let storages = Routine.Requirement("where backups.storage names another storage") {
        inventory, _ in !inventory.backups.storage.repositories.isEmpty
    }
}
