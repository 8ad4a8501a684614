import PostgreSQL

extension TestDatabase {
    /// As it stands in a configuration file.
    package var connectionString: String {
        let parts = [
            ("host", address.host), ("port", address.port), ("user", address.user), ("dbname", address.database),
        ]
        return parts.compactMap { name, value in value.map { "\(name)=\($0)" } }.joined(separator: " ")
    }

    /// As it stands in `DATABASE_URL`; a socket's directory is a parameter (PostgreSQL manual, 34.1.1.2).
    package var connectionURL: String {
        let parts = [("host", address.host), ("port", address.port), ("user", address.user)]
        let parameters = parts.compactMap { name, value in value.map { "\(name)=\($0)" } }.joined(separator: "&")
        return "postgresql:///\(name)?\(parameters)"
    }
}
