import Engine
import Maintenance

/// The routines that are shipped; a configuration overrides one by its name.
let routines: [Routine] = [
    Routine(
        "daily",
        summary: "proved backups, health, statistics, relationships, logs, temporary files, and the report of the day",
        schedule: "daily 02:00",
        steps: [
            ["backup", "run", "--prove"],
            ["health", "check"],
            ["db", "update-stats"],
            ["db", "connections"],
            ["data", "validate-relationships"],
            ["logs", "rotate"],
            ["data", "cleanup-temp"],
            ["report", "prune"],
            ["report", "daily"],
        ],
        aliases: [.init("maintenance:daily")])
]
