/// Policies of rows that mean nothing, or would lose more than they say.
extension Broken {
    static let retention: [Broken] = [
        rule("{ a: { column: at } }", "7:25: retention.a: the key 'keep' is missing (allowed: \(age))"),
        rule(
            "{ a: { column: at, keep: 30s } }",
            "7:45: retention.a.keep: '30s' is out of range (allowed: \(age))"
        ).beyondSchema,
        rule(
            "{ a: { column: at, keep: 1d, with: b } }",
            "7:22: retention.a: the archive would not hold the rows of the tables in 'with' "
                + "(allowed: 'archive: false' beside 'with')"
        ).beyondSchema,
        rule(
            "{ a: { column: at, keep: 1d, where: x } }", "7:49: retention.a.where: 'where' is not supported yet"),
    ]

    private static let age = "an age of at least 1m, such as 7d, 12mo or 7y"

    /// - Parameter line: from its number on, without the path of the database.
    private static func rule(_ rules: String, _ line: String) -> Broken {
        let place = line.prefix { $0 != " " }
        return Broken(
            resource("kind: postgresql\nservice: a\nretention: \(rules)"),
            "mainstay.yaml:\(place) environments.test.resources.main.\(line.dropFirst(place.count + 1))")
    }
}
