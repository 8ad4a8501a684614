import Maintenance
import PostgreSQL

extension Lint {
    /// Types that do what nobody expects; shown to those who ask for matters of habit.
    static let habits: [Lint] = [
        habit(
            "DB215", "types.timestamp", priority: 230, title: "Time without a zone",
            explanation: """
                A timestamp without time zone is a picture of a clock, not a moment: nobody can say which of two is \
                earlier unless all were written by clocks of one zone without summer time.
                """, anchor: "Don.27t_use_timestamp_.28without_time_zone.29", type: "timestamp", instead: "timestamptz",
            says: "it holds what a clock showed and not when"),
        habit(
            "DB216", "types.money", priority: 216, title: "Money as the type money",
            explanation: """
                The type money has no currency and reads and writes by the server's locale: the same value is another one \
                where lc_monetary differs. numeric with a column for the currency does not.
                """, anchor: "Don.27t_use_money", type: "money", instead: "numeric",
            says: "its values depend on the server's locale"),
        habit(
            "DB217", "types.char", priority: 225, title: "Text that is padded with blanks",
            explanation: """
                char(n) pads what is shorter with blanks, which count in some comparisons and not in others, and saves \
                nothing. text with a check of its length does what is meant.
                """, anchor: "Don.27t_use_char.28n.29", type: "bpchar", instead: "text",
            says: "it is padded with blanks"),
        habit(
            "DB218", "types.timetz", priority: 226, title: "Time of day with a zone",
            explanation: """
                A time of day with a zone and without a date has no meaning where zones change with the season. The type \
                is there because the standard has it.
                """, anchor: "Don.27t_use_timetz", type: "timetz", instead: "timestamptz",
            says: "a zone says nothing without a date"),
        habit(
            "DB219", "types.json", priority: 228, title: "Documents as text",
            explanation: """
                json keeps the text as it came and reads it anew at every look; it has no equality and no index of its \
                own. jsonb is read once, and GIN finds keys and values in it. json is right where the very text counts.
                """, anchor: nil, type: "json", instead: "jsonb", says: "it is read anew at every look"),
    ]

    private static func habit(
        _ code: String, _ name: String, priority: Int, title: String, explanation: String, anchor: String?,
        type: String, instead: String, says: String
    ) -> Lint {
        Lint(
            code, name, priority: priority, .info, title: title, explanation: explanation,
            source: anchor.map { "https://wiki.postgresql.org/wiki/Don%27t_Do_This#\($0)" }
                ?? "https://www.postgresql.org/docs/current/datatype-json.html",
            mending: .rewrite, .keys,
            find: { _ in
                """
                select schema, name, attname as part, bytes,
                    format('alter table %I.%I alter column %I type %s;', schema, name, attname, \(instead)::text) as mend
                from col where atttypid = \(type)::regtype and kind = 'r' and not is_partition
                """
            },
            say: { _ in says })
    }
}
