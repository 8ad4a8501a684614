import Maintenance
import Settings

/// The checklists that are shipped, one for each of the guides' own; a configuration overrides one by its name, item by
/// item. An item is a person's where no run can answer it: what somebody has to read, judge or agree on, and what
/// Mainstay does not do.
let checklists: [Checklist] = [
    Checklist(
        "agentic-daily-maintenance", summary: "the daily maintenance of agentic-ecosystem", cadence: .daily,
        items: [
            .init("health", "System health checks", .task(["health", "check"]), source: "agentic-ecosystem.md:18"),
            .init(
                "metrics", "Performance metrics collection",
                .checks(["database.response-time", "cache.hit-ratio", "connections.used"]),
                source: "agentic-ecosystem.md:19"),
            .init("error-logs", "Error log analysis", errorLogs, source: "agentic-ecosystem.md:20"),
            .init(
                "database-performance", "Database performance review", databasePerformance,
                source: "agentic-ecosystem.md:21"),
            .init("security-scan", "Security scan results review", source: "agentic-ecosystem.md:22"),
            .init("backups", "Backup verification", provedBackup, source: "agentic-ecosystem.md:23"),
        ]),
    Checklist(
        "agentic-weekly-maintenance", summary: "the weekly maintenance of agentic-ecosystem", cadence: .weekly,
        items: [
            .init(
                "database", "Database optimization", .task(["db", "optimize"]), source: "agentic-ecosystem.md:55"),
            .init(
                "indexes", "Index analysis and optimization", .task(["db", "advise-indexes"]),
                source: "agentic-ecosystem.md:56"),
            .init("logs", "Log cleanup and archival", .task(["logs", "rotate"]), source: "agentic-ecosystem.md:57"),
            .init("security-patches", "Security patch review", source: "agentic-ecosystem.md:58"),
            .init(
                "performance-trends", "Performance trend analysis", .task(["report", "performance"]),
                source: "agentic-ecosystem.md:59"),
            .init("capacity", "Capacity planning review", source: "agentic-ecosystem.md:60"),
            .init("thresholds", "Monitoring threshold updates", source: "agentic-ecosystem.md:61"),
        ]),
    Checklist(
        "agentic-monthly-maintenance", summary: "the monthly maintenance of agentic-ecosystem", cadence: .monthly,
        items: [
            .init("security-audit", "Security audit and compliance review", source: "agentic-ecosystem.md:93"),
            .init("recovery", "Disaster recovery testing", monthlyDrill, source: "agentic-ecosystem.md:94"),
            .init(
                "performance-baseline", "Performance baseline updates", performanceOfTheMonth,
                source: "agentic-ecosystem.md:95"),
            .init("capacity", "Capacity scaling assessment", source: "agentic-ecosystem.md:96"),
            .init("documentation", "Documentation updates", source: "agentic-ecosystem.md:97"),
            .init("integrations", "Third-party integrations review", source: "agentic-ecosystem.md:98"),
            .init("costs", "Cost optimization analysis", source: "agentic-ecosystem.md:99"),
        ]),
    Checklist(
        "agentic-daily-checklist", summary: "the team's daily checklist of agentic-ecosystem", cadence: .daily,
        items: [
            .init(
                "alerts", "Review overnight alerts", .findings, severity: .critical, source: "agentic-ecosystem.md:412"),
            .init(
                "health", "Check system health dashboard", .task(["health", "check"]),
                source: "agentic-ecosystem.md:413"),
            .init("error-logs", "Review error logs summary", errorLogs, source: "agentic-ecosystem.md:414"),
            .init("backups", "Verify backup completion", .checks(["backup.age"]), source: "agentic-ecosystem.md:415"),
            .init("performance-trends", "Monitor performance trends", source: "agentic-ecosystem.md:416"),
        ]),
    Checklist(
        "agentic-weekly-checklist", summary: "the team's weekly checklist of agentic-ecosystem", cadence: .weekly,
        items: [
            .init("performance", "Performance optimization review", source: "agentic-ecosystem.md:419"),
            .init("security-scan", "Security scan results", source: "agentic-ecosystem.md:420"),
            .init("capacity", "Capacity planning update", source: "agentic-ecosystem.md:421"),
            .init("documentation", "Documentation updates", source: "agentic-ecosystem.md:422"),
            .init(
                "summary", "Team maintenance summary", .task(["report", "weekly", "--trend-analysis"]),
                source: "agentic-ecosystem.md:423"),
        ]),
    Checklist(
        "agentic-monthly-checklist", summary: "the team's monthly checklist of agentic-ecosystem", cadence: .monthly,
        items: [
            .init("security-audit", "Full security audit", source: "agentic-ecosystem.md:426"),
            .init("recovery", "Disaster recovery test", monthlyDrill, source: "agentic-ecosystem.md:427"),
            .init(
                "performance-baseline", "Performance baseline update", performanceOfTheMonth,
                source: "agentic-ecosystem.md:428"),
            .init("costs", "Cost optimization review", source: "agentic-ecosystem.md:429"),
            .init("procedures", "Maintenance procedure review", source: "agentic-ecosystem.md:430"),
        ]),
    Checklist(
        "contribux-morning", summary: "the morning checklist of contribux", cadence: .daily,
        items: [
            .init(
                "services", "All services operational", .checks(["database.connectivity", "endpoint.answer"]),
                source: "contribux.md:87"),
            .init("alerts", "No critical alerts overnight", .findings, severity: .critical, source: "contribux.md:88"),
            .init("database", "Database performance within thresholds", databasePerformance, source: "contribux.md:89"),
            .init("api-errors", "API error rates < 0.1%", source: "contribux.md:90"),
            .init("authentication", "Authentication system functioning", source: "contribux.md:91"),
            // Measuring reads whole tables: it is the weekly routine's.
            .init(
                "vector-search", "Vector search performance optimal", .task(["db", "vectors"]),
                countsFor: Checklist.Cadence.weekly.countsFor, source: "contribux.md:92"),
        ]),
    Checklist(
        "environments-daily", summary: "the daily checklist of environment-management", cadence: .daily,
        items: [
            .init(
                "responding", "All environments responding normally",
                .checks(["database.connectivity", "database.response-time"]), source: "environment-management.md:32"),
            .init("error-logs", "No critical errors in logs", errorLogs, source: "environment-management.md:33"),
            .init(
                "backups", "Backup operations completed successfully", provedBackup,
                source: "environment-management.md:34"),
            .init(
                "resources", "Resource usage within normal limits", .checks(["host.cpu", "host.memory", "host.disk"]),
                source: "environment-management.md:35"),
            .init("security-alerts", "No security alerts triggered", source: "environment-management.md:36"),
        ]),
    Checklist(
        "environments-weekly", summary: "the weekly checklist of environment-management", cadence: .weekly,
        items: [
            .init("performance", "Performance metrics reviewed", source: "environment-management.md:61"),
            .init(
                "statistics", "Database statistics updated", .task(["db", "update-stats"]),
                source: "environment-management.md:62"),
            .init("logs", "Old logs archived", .task(["logs", "rotate"]), source: "environment-management.md:63"),
            .init("security-audit", "Security audit completed", source: "environment-management.md:64"),
            .init("schemas", "Environment schemas synchronized", source: "environment-management.md:65"),
            .init("permissions", "User permissions validated", source: "environment-management.md:66"),
        ]),
    Checklist(
        "environments-monthly", summary: "the monthly checklist of environment-management", cadence: .monthly,
        items: [
            .init("capacity", "System capacity assessment completed", source: "environment-management.md:88"),
            .init(
                "security-policies", "Security policies reviewed and updated", source: "environment-management.md:89"),
            .init("documentation", "Documentation updated", source: "environment-management.md:90"),
            .init(
                "recovery", "Disaster recovery procedures tested", monthlyDrill,
                source: "environment-management.md:91"),
            .init("training", "Training materials refreshed", source: "environment-management.md:92"),
            .init(
                "performance-trends", "Performance trends analyzed", performanceOfTheMonth,
                source: "environment-management.md:93"),
        ]),
    Checklist(
        "next-portal-update", summary: "the pre-update checklist of next-portal", cadence: .occasion,
        items: [
            .init("backup", "Create full system backup", provedBackup, source: "next-portal.md:90"),
            .init("change-logs", "Review change logs", source: "next-portal.md:91"),
            .init("rollback", "Plan rollback strategy", source: "next-portal.md:92"),
            .init("window", "Schedule maintenance window", source: "next-portal.md:93"),
            .init("stakeholders", "Notify stakeholders", source: "next-portal.md:94"),
        ]),
]

/// A backup that was taken and restored beside its source: 'completed' alone proves nothing.
private let provedBackup = ChecklistItem.Answer.task(["backup", "run", "--prove"])

private let databasePerformance = ChecklistItem.Answer.checks([
    "database.response-time", "cache.hit-ratio", "connections.used", "locks.waiting", "transactions.long",
])

/// Lines that should not be there: of the logs, and with the patterns, that the configuration names.
private let errorLogs = ChecklistItem.Answer.checks(["log.matches"])

/// As the routine `monthly-baseline` writes it.
private let performanceOfTheMonth = ChecklistItem.Answer.task([
    "report", "performance", "--since=31d", "--trend-analysis",
])

/// As the routine `monthly` does it.
private let monthlyDrill = ChecklistItem.Answer.task(["dr", "test", "--scenario=database-failure"])
