import Maintenance

/// `retention` of a database: which tables lose their old rows, by which column, and after how long.
enum RetentionSections {
    static var format: Format<[RetentionRule]> {
        let section = Section<RetentionDraft>(
            prototype: { _ in RetentionDraft() },
            keys: [
                Key("column", \.column, .text, isRequired: true, "The column with the time of a row."),
                Key("keep", \.keep, .age, isRequired: true, "How long a row is kept; what is older may go."),
                Key(
                    "archive", \.isArchived, .boolean, standard: true,
                    "Whether rows are moved into a table of the schema 'mainstay_removed', and read back there."),
                Key(
                    "with", \.following, .oneOrMore(.name),
                    "Tables, as schema.table, whose rows may go or change with them because a foreign key says so; "
                        + "needs 'archive: false'."),
            ],
            later: ["where", "schedule", "batch", "storage", "compress", "anonymise", "anonymize"])
        return Format<[Named<RetentionDraft>]>.named("table", section.format).map(
            { items, _, keyPath, reading in
                let rules = items.compactMap { item in rule(item, keyPath, reading) }
                var seen: Set<String> = []
                for rule in rules where !seen.insert(rule.name).inserted {
                    reading.report(
                        "'\(rule.name)' stands here twice, with its schema and without", at: rule.location, keyPath)
                }
                return rules
            },
            writing: { rules in
                rules.map { rule in
                    Named(
                        name: rule.name,
                        value: RetentionDraft(
                            column: rule.column, keep: rule.keep, isArchived: rule.isArchived,
                            following: rule.following), location: rule.location)
                }
            })
    }

    private static func rule(
        _ item: Named<RetentionDraft>, _ keyPath: String, _ reading: Reading
    ) -> RetentionRule? {
        guard let column = item.value.column, let keep = item.value.keep else { return nil }
        let (schema, table) = RetentionRule.parts(item.name)
        var rule = RetentionRule(schema: schema, table: table, column: column, keep: keep, location: item.location)
        rule.isArchived = item.value.isArchived
        rule.following = item.value.following.map { name in
            let parts = RetentionRule.parts(name)
            return "\(parts.schema).\(parts.table)"
        }
        if rule.isArchived, !rule.following.isEmpty {
            reading.report(
                "the archive would not hold the rows of the tables in 'with'", at: item.location,
                keyPath.appending(key: item.name), allowed: "'archive: false' beside 'with'")
        }
        return rule
    }
}

private struct RetentionDraft: Sendable {
    var column: String?
    var keep: Period?
    var isArchived = true
    var following: [String] = []
}
