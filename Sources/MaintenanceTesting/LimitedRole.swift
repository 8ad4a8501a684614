import PostgreSQL

extension TestDatabase {
    /// A role that may log in and nothing more, for the time of `body`; what it owns and was granted goes with it.
    ///
    /// Its name begins with `test_`, as all that comes and goes in the cluster while other tests look at it.
    @discardableResult
    package func withLimitedRole<Value>(
        isolation: isolated (any Actor)? = #isolation, _ body: (_ role: String) async throws -> Value
    ) async throws -> Value {
        let role = "test_limited_\(UInt64.random(in: 0 ... .max))"
        try await connect { try await $0.execute("create role \(identifier: role) login") }
        do {
            let value = try await body(role)
            try await drop(role)
            return value
        } catch {
            try await drop(role)
            throw error
        }
    }

    private func drop(_ role: String) async throws {
        try await connect { connection in
            try await connection.execute("drop owned by \(identifier: role) cascade")
            try await connection.execute("drop role \(identifier: role)")
        }
    }
}
