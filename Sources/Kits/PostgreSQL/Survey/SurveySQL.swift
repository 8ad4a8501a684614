import Maintenance

/// One statement that can only look. A READ ONLY transaction alone does not do it: REINDEX, CLUSTER, ANALYZE, NOTIFY,
/// COPY … TO PROGRAM and functions such as `pg_reload_conf()` pass there. So this type holds nothing but one SELECT,
/// WITH … SELECT, VALUES, TABLE, SHOW, EXPLAIN without ANALYZE, or COPY … TO STDOUT, without SELECT … INTO, row locks,
/// data-modifying CTEs, or calls of the server's functions that are known to change something.
///
/// It cannot know what a function of the team's own does; such statements run under a role that may only read.
///
/// A survey in our own source is a literal, `"select … from \(relation: table)" as SurveySQL`, and a wrong one stops the
/// program; a team's text goes through `init(trusted:)`, which throws.
package struct SurveySQL: Hashable, Sendable {
    package let sql: SQL

    /// - Throws: `SurveyRefusal`.
    package init(_ sql: SQL) throws(SurveyRefusal) {
        try SurveyRules.check(sql.text, parameters: sql.parameters.count)
        self.sql = sql
    }

    /// A team's own statement.
    /// - Throws: `SurveyRefusal`.
    package init(trusted text: String) throws(SurveyRefusal) { try self.init(SQL(trusted: text)) }

    /// A statement the rules refuse and the kit answers for: `pg_export_snapshot()`.
    init(unchecked sql: SQL) { self.sql = sql }
}

extension SurveySQL: ExpressibleByStringInterpolation {
    package init(stringLiteral value: StaticString) { self.init(literal: SQL(stringLiteral: value)) }

    package init(stringInterpolation: SQL.StringInterpolation) {
        self.init(literal: SQL(stringInterpolation: stringInterpolation))
    }

    private init(literal sql: SQL) {
        do {
            try self.init(sql)
        } catch {
            preconditionFailure("\(error.problem): \(sql.text)")
        }
    }
}
