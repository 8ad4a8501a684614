import Engine
import Maintenance
import Settings

/// The routines that are shipped; a configuration overrides one by its name. They hold what is built of the guides'
/// routines; docs/routines.md names what is not.
let routines: [Routine] = [
    Routine(
        "daily",
        summary: "proved backups, health, statistics, relationships, logs, temporary files, and the report of the day",
        schedule: "daily 02:00",
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
        schedule: "daily 09:00 UTC",
        steps: [
            ["health", "check"],
            ["db", "connections"],
        ],
        aliases: [.init("maintenance:morning")]),
    Routine(
        "evening",
        summary: "how the day was: health, connections, and its report",
        schedule: "daily 21:00 UTC",
        steps: [
            ["health", "check"],
            ["db", "connections"],
            ["report", "daily"],
        ],
        aliases: [.init("maintenance:evening")]),
    Routine(
        "weekly",
        summary:
            "what is wrong with databases, their vacuum, statistics and indexes, every relationship, backups restored",
        schedule: "Sundays 03:00 UTC", mode: .semiAutomatic,
        steps: [
            ["health", "check"],
            ["db", "doctor"],
            ["db", "optimize"],
            ["db", "connections", "--auto-size"],
            ["data", "validate-relationships"],
            ["backup", "verify"],
            ["logs", "rotate"],
            ["data", "cleanup-temp"],
            ["report", "daily"],
        ],
        aliases: [.init("maintenance:weekly")]),
    Routine(
        "monthly",
        summary: "a proved backup, a drill with it, a deep look at databases and their data, and reports",
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
            ["report", "daily"],
        ],
        aliases: [.init("maintenance:monthly", implied: ["--comprehensive"])]),
    Routine(
        "quarterly",
        summary:
            "the newest backups restored, whole environments brought back, health, every relationship, and a report",
        schedule: "first Sunday of quarter 04:00 UTC", mode: .manual,
        steps: [
            ["backup", "verify"],
            ["dr", "test", "--scenario=complete-failure"],
            ["health", "check"],
            ["data", "validate-relationships"],
            ["report", "daily"],
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
