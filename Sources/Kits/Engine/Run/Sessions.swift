import Maintenance
import Outside
import PostgreSQL
import Settings

/// The database sessions of one step: opened when first asked for, shared, and closed when the step ends.
actor Sessions {
    private let programs: Programs
    private let applicationName: String
    private var addresses: [String: DatabaseAddress] = [:]
    private var open: [String: Task<Connection, any Error>] = [:]

    /// - Parameter applicationName: names run and step in `pg_stat_activity`, so that others know our sessions.
    init(programs: Programs, applicationName: String) {
        self.programs = programs
        self.applicationName = applicationName
    }

    func address(_ resource: Resource) async throws -> DatabaseAddress {
        if let known = addresses[resource.name] { return known }
        guard case .postgresql(let access) = resource.access else {
            preconditionFailure("a database was asked for at '\(resource.name)', which is \(resource.kind.rawValue)")
        }
        let address = try await access.address(with: programs)
        addresses[resource.name] = address
        return address
    }

    /// Two who ask at once wait for the same session; a failed attempt is not remembered.
    func survey(_ resource: Resource) async throws -> SurveySession {
        if let pending = open[resource.name] {
            let connection = try await pending.value
            if await connection.isOpen { return SurveySession(connection) }
            if open[resource.name] == pending { await drop(resource) }
        }
        let address = try await address(resource)
        var settings = resource.connectionSettings(applicationName: applicationName)
        settings.lockTimeout = .seconds(2)
        // Unstructured, because it belongs to all who wait for it and not to the first who asked.
        let pending = Task { try await Connection.open(address, settings) }
        open[resource.name] = pending
        do {
            return SurveySession(try await pending.value)
        } catch {
            open[resource.name] = nil
            throw error
        }
    }

    /// Forgets the session of a resource whose connection was lost, so that the next attempt gets a new one.
    func drop(_ resource: Resource) async {
        let pending = open.removeValue(forKey: resource.name)
        if let connection = try? await pending?.value { await connection.close() }
    }

    func closeAll() async {
        let all = open.values
        open = [:]
        for pending in all {
            if let connection = try? await pending.value { await connection.close() }
        }
    }
}

extension Resource {
    /// Settings for a connection to it, with its own time-out and role.
    package func connectionSettings(applicationName: String) -> ConnectionSettings {
        var settings = ConnectionSettings(applicationName: applicationName)
        if case .postgresql(let access) = access {
            settings.connectTimeout = access.connectTimeout
            if let role = access.role { settings.parameters["role"] = role }
        }
        return settings
    }
}

extension PostgreSQLAccess {
    /// What libpq is told, with everything that comes from elsewhere filled in.
    package func address(with programs: Programs) async throws -> DatabaseAddress {
        var address: DatabaseAddress
        switch connection {
        case .url(let text), .keywords(let text):
            address = try DatabaseAddress(try await text.resolve(with: programs).reveal())
        case .service(let name):
            address = try DatabaseAddress(
                "service='\(name.replacingBytes(of: "\\", with: "\\\\").replacingBytes(of: "'", with: "\\'"))'")
        }
        if let password { address = address.with(password: try await password.resolve(with: programs)) }
        return address
    }
}
