import Command
import Maintenance

/// The manual pages of what is found wrong with data.
enum IntegrityFindings {
    private static let manual = "https://www.postgresql.org/docs/current/"

    static let pages: [FindingPage] = [
        page(
            "DI007", "relations.inferred", .info, "Rows that name a row which is not there",
            """
            A column is called after a table, has its key's type, and nine of ten of its values are found there, but no \
            foreign key says so; some rows name none that is there. Either they are left over, or the relation is not one.
            """,
            ["mend: a foreign key NOT VALID keeps more from coming; 'data cleanup-orphaned' archives and removes them"],
            "\(manual)ddl-constraints.html#DDL-CONSTRAINTS-FK", "data integrity-check"),
        page(
            "DI008", "sequences.behind", .critical, "Sequence that is behind its column",
            """
            The column holds a larger number than the sequence that fills it has come to. The next INSERT fails on the key, \
            or, where nothing is unique, gives a number a second time. Loading rows with their numbers leaves it so. \
            Where the column's largest number is near the last there is, it may stand for something else, and is for a \
            person to look at.
            """,
            ["mend: mainstay data consistency-check --fix-issues"], "\(manual)functions-sequence.html",
            "data integrity-check"),
        page(
            "DI010", "structure.index", .critical, "Index that is damaged",
            """
            amcheck finds the index out of order, or rows of the table that it lacks. Searches miss rows, unique keys let \
            the same value in twice. A change of the system's collations does it, as do disks.
            """,
            ["mend: mainstay data corruption-check --auto-repair, where the table is sound"], "\(manual)amcheck.html",
            "data corruption-check"),
        page(
            "DI011", "structure.table", .critical, "Table that is damaged",
            """
            amcheck finds rows or TOAST values that cannot be. Nothing here can make them again: keep the server's files as \
            they are, look at disk and memory, and take what is lost from a proved backup.
            """,
            ["mend: mainstay backup restore --table, beside the damaged one"], "\(manual)amcheck.html",
            "data corruption-check"),
        page(
            "DI012", "structure.visibility", .critical, "Visibility map that is wrong",
            """
            The map calls pages visible to everybody, or frozen, that are not: index-only scans give wrong answers, and \
            VACUUM passes over rows it has to freeze.
            """,
            ["mend: pg_truncate_visibility_map, then VACUUM"], "\(manual)pgvisibility.html", "data corruption-check"),
        page(
            "DI013", "structure.checksums", .critical, "Pages whose checksum is wrong",
            """
            The server itself has read pages that are not as it wrote them. The counter stays until statistics are reset; \
            its last time says whether it goes on.
            """,
            ["mend: look at the disk; what is damaged comes from a proved backup"], "\(manual)checksums.html",
            "data corruption-check"),
        page(
            "DI014", "relations.orphans-left", .info, "Orphans that are left alone",
            """
            Rows without a parent were found, and removing them would do more than that: rows of other tables would go with \
            them, a trigger or rule of the team's own would run, or the table is partitioned.
            """,
            ["mend: by hand, with the statements of 'data validate-relationships'"],
            "\(manual)ddl-constraints.html#DDL-CONSTRAINTS-FK", "data cleanup-orphaned"),
        page(
            "DI020", "quality.values", .info, "Values that should not be",
            """
            One row of a hundred or more of a sample has text that is empty and not NULL, white space around it, a word for \
            nothing, a mail address that is none, or a date that cannot be meant.
            """,
            ["mend: a CHECK constraint NOT VALID keeps more from coming"],
            "\(manual)ddl-constraints.html#DDL-CONSTRAINTS-CHECK-CONSTRAINTS", "data quality"),
        page(
            "DI021", "quality.duplicates", .warning, "Rows that are there twice",
            """
            Rows of the table are equal in every column, and no key forbids it: nothing can address one of them, and \
            whoever counts or sums counts them twice.
            """,
            ["mend: give the table a key, after the doubles are gone"],
            "\(manual)ddl-constraints.html#DDL-CONSTRAINTS-PRIMARY-KEYS", "data quality"),
        page(
            "DI022", "quality.unfilled", .info, "Column that no row fills",
            """
            The column is NULL in every row of a sample of a thousand or more. It may be new, or forgotten.
            """,
            ["mend: fill it, or drop it once no application names it"], "\(manual)ddl-alter.html", "data quality"),
        page(
            "DI030", "retention.overdue", .warning, "Rows that are kept for longer than their policy says",
            """
            The configuration says how long rows of the table are kept, and older ones have been there for two days and more \
            since. Nothing removes them by itself: 'data retain' has to run, in a routine or by somebody who asks for it.
            """,
            ["mend: mainstay data retain"], "\(manual)sql-delete.html", "data retention-status"),
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
