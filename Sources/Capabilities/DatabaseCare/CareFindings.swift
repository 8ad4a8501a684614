import Command
import Maintenance

/// The manual pages of what the acts of database care find; the doctor's stand with its lints.
enum CareFindings {
    private static let manual = "https://www.postgresql.org/docs/current/"

    static let pages: [FindingPage] = [
        page(
            "DB006", "advice.create", .info, "Index worth having",
            """
            The planner would take an index that does not exist for statements that take time: one of them saves 30 % of its \
            cost or more, and all together twice what writing the index takes. The evidence names the statements with \
            their cost before and after.
            """,
            ["mending takes a SHARE UPDATE EXCLUSIVE lock", "mend: mainstay db advise-indexes --create"],
            "https://hypopg.readthedocs.io/en/rel1_stable/", "db advise-indexes"),
        page(
            "DB007", "advice.drop", .info, "Index that can go",
            """
            Nothing has used the index for a business cycle, here and on every standby, or a longer one contains it; no \
            constraint, foreign key or replica identity needs it, and no statement would cost more without it.
            """,
            ["mending takes a SHARE UPDATE EXCLUSIVE lock", "mend: mainstay db advise-indexes --drop"],
            "\(manual)monitoring-stats.html", "db advise-indexes"),
        page(
            "DB008", "advice.missed", .warning, "Dropped index that is missed",
            """
            Since Mainstay dropped the index, less than 14 days ago, a statement of its table takes half as long again on \
            average, in 20 calls or more, and the planner would go by the index if it were back.
            """,
            ["mend: mainstay db advise-indexes --drop, which proposes what is missed first"],
            "\(manual)pgstatstatements.html", "db advise-indexes"),
        page(
            "DB009", "advice.setting", .info, "Setting that would better be another",
            """
            The machine or the workload shows that another value fits better, and it was not set: it needs a restart, this \
            role may not set it, or the command line, the database or the role sets it otherwise. The evidence says what \
            the value was reckoned from, and what undoes it.
            """,
            ["mend: mainstay db tune --with-restart, or the statement that is shown"],
            "\(manual)config-setting.html", "db tune"),
        page(
            "DB014", "vectors.recall", .warning, "Vector index that finds too little",
            """
            Of the true nearest neighbours of sampled rows the index finds fewer than wanted, and enough of them when it \
            looks farther. The evidence has recall and time for each value that was tried.
            """,
            ["mend: mainstay db vectors --apply, or set it for the role or transaction that needs it"],
            "https://github.com/pgvector/pgvector#query-options", "db vectors"),
        page(
            "DB015", "vectors.exhausted", .warning, "Vector index that never finds enough",
            """
            However far it looks, the index misses more of the nearest neighbours than it may. Many dead rows lead the \
            graph astray, and VACUUM mends that; else the data have changed since it was built, or it was built too coarse.
            """,
            ["mend: VACUUM, or REINDEX INDEX CONCURRENTLY, with more lists or a larger m"],
            "https://github.com/pgvector/pgvector#indexing", "db vectors"),
        page(
            "DB016", "advice.tried", .info, "Index worth having, tried on a copy",
            """
            An index that cannot be supposed, such as GIN or GiST, was built on a copy restored from a backup, and there the \
            planner took it for statements that take time: one of them saves 30 % of its cost or more, and all together \
            twice what writing the index takes. The evidence names the backup, the time the build took, and the statements \
            with their cost before and after.
            """,
            [
                "mending takes a SHARE UPDATE EXCLUSIVE lock",
                "mend: mainstay db advise-indexes --on-copy --create",
            ],
            "\(manual)gin.html", "db advise-indexes"),
    ]

    private static func page(
        _ code: String, _ name: String, _ severity: Severity, _ title: String, _ explanation: String, _ facts: [String],
        _ source: String, _ command: String
    ) -> FindingPage {
        FindingPage(
            code: code, name: name, title: title, severity: severity, explanation: explanation, facts: facts,
            source: source, command: command)
    }
}
