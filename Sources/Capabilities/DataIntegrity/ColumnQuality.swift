import Maintenance
import PostgreSQL

/// A column, and what of its values can be asked by its type and name.
struct QualityColumn: Sendable, Hashable {
    var name: String
    var kind: Kind
    var isNullable: Bool

    enum Kind: Sendable, Hashable { case text, date, number, other }

    init(name: String, type: String, isNullable: Bool) {
        self.name = name
        self.isNullable = isNullable
        kind =
            switch type {
            case "text", "varchar", "bpchar", "citext", "name": .text
            case "date", "timestamp", "timestamptz": .date
            case "int2", "int4", "int8", "numeric", "float4", "float8": .number
            default: .other
            }
    }

    /// `email`, `contact_email`: what is called so is meant to be one.
    var isAddress: Bool {
        let name = name.lowercased()
        return kind == .text && (name == "email" || name.hasSuffix("_email") || name == "email_address")
    }

    /// What is asked of the values of one column, as counts over the rows of a sample called `s`.
    var questions: [(question: Question, sql: SQL)] {
        let value: SQL = "s.\(identifier: name)"
        var asked: [(Question, SQL)] = [(.null, "count(*) filter (where \(value) is null)")]
        switch kind {
        case .text:
            asked += [
                (.empty, "count(*) filter (where \(value) = '')"),
                (.spaces, "count(*) filter (where \(value)::text <> btrim(\(value)::text, E' \\t\\n\\r'))"),
                (
                    .placeholder,
                    "count(*) filter (where lower(btrim(\(value)::text)) in ('null', 'n/a', 'na', 'none', 'undefined', 'nan', '-', 'tbd', 'unknown'))"
                ),
            ]
            if isAddress {
                asked.append(
                    (
                        .address,
                        "count(*) filter (where \(value) <> '' and \(value)::text !~ '^[^@[:space:]]+@[^@[:space:]]+[.][^@[:space:].]+$')"
                    ))
            }
        case .date:
            asked += [
                (
                    .early,
                    "count(*) filter (where isfinite(\(value)) and \(value) < '1900-01-01' and \(value) <> '0001-01-01')"
                ),
                (.late, "count(*) filter (where isfinite(\(value)) and \(value) > now() + interval '100 years')"),
            ]
        case .number, .other: break
        }
        return asked
    }

    enum Question: String, Sendable, Hashable {
        case null, empty, spaces, placeholder, address, early, late

        /// What is wrong with so many rows of a sample; nil where it says nothing by itself.
        var text: String? {
            switch self {
            case .null: nil
            case .empty: "are empty and not NULL"
            case .spaces: "begin or end with white space"
            case .placeholder: "hold a word for nothing ('n/a', 'null', 'unknown')"
            case .address: "are no mail addresses"
            case .early: "lie before 1900"
            case .late: "lie more than a century ahead"
            }
        }
    }
}

/// What a sample of one table says.
struct TableQuality: Sendable {
    var table: QualifiedName
    var rows: Int64
    var isWhole: Bool
    var counts: [String: [QualityColumn.Question: Int64]] = [:]
    /// Rows of the sample that are there twice in every column; nil where a key makes that impossible.
    var duplicates: Int64?

    /// Columns that no row of a sample of a thousand or more fills.
    func unfilled(_ columns: [QualityColumn]) -> [String] {
        guard rows >= 1_000 else { return [] }
        return columns.filter { $0.isNullable && counts[$0.name]?[.null] == rows }.map(\.name)
    }

    /// Rows that are read of a table.
    static func read(
        _ table: QualifiedName, _ columns: [QualityColumn], hasKey: Bool, estimated: Double, most: Int,
        _ session: SurveySession
    ) async throws -> TableQuality {
        // About twice as many as wanted from blocks all over it; then the first.
        let share = estimated > Double(2 * most) ? min(100, max(0.0001, 200 * Double(most) / estimated)) : 100
        let sample: SQL =
            share < 100 ? "\(relation: table) tablesample system (\(literal: share))" : "\(relation: table)"
        let questions = columns.flatMap { column in column.questions.map { (column.name, $0.question, $0.sql) } }
        var quality = TableQuality(table: table, rows: 0, isWhole: false)
        // A statement has room for 1,664 columns.
        for start in stride(from: 0, to: max(1, questions.count), by: 500) {
            let part = Array(questions[start..<min(start + 500, questions.count)])
            let counted = part.enumerated().map { place, question in
                "\(question.2) as \(identifier: "q\(place)")" as SQL
            }
            let list = (["count(*) as rows"] + counted).joined(separator: ", ")
            let row = try await session.query(
                SurveySQL("select \(list) from (select * from \(sample) limit \(most)) s")
            ).only
            quality.rows = try row["rows"]
            quality.isWhole = share == 100 && quality.rows < Int64(most)
            for (place, question) in part.enumerated() {
                quality.counts[question.0, default: [:]][question.1] = try row["q\(place)"]
            }
        }
        if !hasKey {
            quality.duplicates = try await session.query(
                SurveySQL(
                    """
                    select count(*) - count(distinct t.x) as n from (
                        select hashtextextended(s::text, 0) as x from (select * from \(sample) limit \(most)) s) t
                    """)
            ).only["n"]
        }
        return quality
    }
}
