/// How much of a database a listing is of.
package enum CatalogScope: Sendable {
    /// What applications rely on; the baselines of `health accept-schema` are of it.
    case schema
    /// All that a restore has to bring back: also what the database itself is, who owns large objects, and options of
    /// the tables behind tables.
    case backup

    /// Changes when anything that enters a listing of this scope does.
    package var version: Int {
        switch self {
        case .schema: 1
        case .backup: 2
        }
    }

    var topics: [CatalogTopic] {
        switch self {
        case .schema: CatalogTopic.all
        case .backup: CatalogTopic.all + CatalogTopic.keeping
        }
    }
}
