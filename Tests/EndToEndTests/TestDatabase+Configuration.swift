import MaintenanceTesting
import PostgreSQL

extension TestDatabase {
    /// As it stands in a configuration file.
    var connectionString: String {
        let parts = [
            ("host", address.host), ("port", address.port), ("user", address.user), ("dbname", address.database),
        ]
        return parts.compactMap { name, value in value.map { "\(name)=\($0)" } }.joined(separator: " ")
    }
}
