import Maintenance

/// What can go wrong between us and a server, by what a person does about it. No case ever holds a password.
package enum PostgreSQLError: MaintenanceError, Hashable {
    /// Text that is no connection string; the clause says why without repeating it.
    case badAddress(String)
    /// Nobody answers there.
    case unreachable(DatabaseAddress, reason: String)
    case authenticationFailed(DatabaseAddress, reason: String)
    /// The two sides could not agree on TLS.
    case encryptionFailed(DatabaseAddress, reason: String)
    case noSuchDatabase(DatabaseAddress, reason: String)
    case tooManyConnections(DatabaseAddress, reason: String)
    /// Starting up, shutting down or in recovery.
    case serverNotReady(reason: String)
    case connectionLost(reason: String)
    /// `close()` was called before.
    case closed
    /// The server's message names the object.
    case permissionDenied(ServerError)
    /// After this time: a statement, a lock or the whole call.
    case timedOut(String, after: Duration)
    /// This task was cancelled, and the statement with it.
    case cancelled
    /// Somebody else cancelled the statement.
    case cancelledByServer(ServerError)
    case lockNotAvailable(ServerError)
    case objectInUse(ServerError)
    /// A deadlock or a serialization failure.
    case conflict(ServerError)
    /// A function, type, extension or command this server does not have.
    case featureMissing(ServerError)
    case other(ServerError)
    /// A column was asked for that the result does not have.
    case noSuchColumn(String, has: [String])
    case wrongType(column: String, wanted: String, found: String)
    case wrongRowCount(found: Int, wanted: String)
    /// A statement or a value that holds a NUL character, which PostgreSQL's text cannot.
    case nulCharacter
    /// The call does not fit the statement; a defect of ours: COPY through `query`.
    case misuse(String)

    package var code: String {
        switch self {
        case .badAddress: "postgresql.bad-address"
        case .unreachable: "postgresql.unreachable"
        case .authenticationFailed: "postgresql.authentication-failed"
        case .encryptionFailed: "postgresql.encryption-failed"
        case .noSuchDatabase: "postgresql.no-such-database"
        case .tooManyConnections: "postgresql.too-many-connections"
        case .serverNotReady: "postgresql.server-not-ready"
        case .connectionLost: "postgresql.connection-lost"
        case .closed: "postgresql.closed"
        case .permissionDenied: "postgresql.permission-denied"
        case .timedOut: "postgresql.timed-out"
        case .cancelled: "postgresql.cancelled"
        case .cancelledByServer: "postgresql.cancelled-by-server"
        case .lockNotAvailable: "postgresql.lock-not-available"
        case .objectInUse: "postgresql.object-in-use"
        case .conflict: "postgresql.conflict"
        case .featureMissing: "postgresql.feature-missing"
        case .other: "postgresql.statement-failed"
        case .noSuchColumn: "postgresql.no-such-column"
        case .wrongType: "postgresql.wrong-type"
        case .wrongRowCount: "postgresql.wrong-row-count"
        case .nulCharacter: "postgresql.nul-character"
        case .misuse: "postgresql.misuse"
        }
    }

    package var problem: String {
        switch self {
        case .badAddress(let why): "the text is no PostgreSQL connection string: \(why)"
        case .unreachable(let address, let reason): "no PostgreSQL answers at '\(address)': \(reason)"
        case .authenticationFailed(let address, let reason): "'\(address)' does not let us in: \(reason)"
        case .encryptionFailed(let address, let reason): "no TLS connection to '\(address)': \(reason)"
        case .noSuchDatabase(let address, let reason): "no such database as '\(address)': \(reason)"
        case .tooManyConnections(let address, let reason): "'\(address)' takes no more connections: \(reason)"
        case .serverNotReady(let reason): "the server is not ready: \(reason)"
        case .connectionLost(let reason): "the connection was lost: \(reason)"
        case .closed: "the connection is closed"
        case .permissionDenied(let error), .lockNotAvailable(let error), .objectInUse(let error),
            .conflict(let error), .featureMissing(let error), .other(let error), .cancelledByServer(let error):
            error.summary
        case .timedOut(let what, let limit): "\(what) did not end within \(limit.short)"
        case .cancelled: "cancelled"
        case .noSuchColumn(let name, let has):
            "the result has no column '\(name.printable)' (it has: \(has.map(\.printable).joined(separator: ", ")))"
        case .wrongType(let column, let wanted, let found):
            "column '\(column.printable)' is \(found), and \(wanted) was wanted"
        case .wrongRowCount(let found, let wanted): "the result has \(found) rows, and \(wanted) was wanted"
        case .nulCharacter: "a statement or value holds a NUL character, which PostgreSQL cannot"
        case .misuse(let what): what
        }
    }

    package var hint: String? {
        switch self {
        case .badAddress:
            "Write postgresql://user@host:5432/database, 'host=… dbname=…' or service=…; percent-encode / @ : ? # % "
                + "in a user or password."
        case .unreachable: "Check host, port, firewall and listen_addresses."
        case .authenticationFailed: "Check user, password (.pgpass, PGPASSWORD) and the server's pg_hba.conf."
        case .encryptionFailed: "Check sslmode, sslrootcert and the server's ssl setting."
        case .noSuchDatabase: "List what there is with: psql -l"
        case .tooManyConnections: "Raise max_connections, or find idle sessions in pg_stat_activity."
        case .serverNotReady: "Try again when it has started."
        case .permissionDenied(let error):
            error.hint ?? "Grant the right to this role, or a predefined one such as pg_monitor or pg_read_all_data."
        case .lockNotAvailable, .objectInUse: "Try again when the other session has ended."
        case .featureMissing(let error), .other(let error), .conflict(let error): error.hint
        default: nil
        }
    }

    package var isRetryable: Bool {
        switch self {
        case .unreachable, .tooManyConnections, .serverNotReady, .connectionLost, .timedOut, .lockNotAvailable,
            .objectInUse, .conflict, .cancelledByServer:
            true
        default: false
        }
    }

    package var exitStatus: ExitStatus {
        switch self {
        case .unreachable, .tooManyConnections, .serverNotReady, .connectionLost: .unreachable
        case .badAddress, .authenticationFailed, .encryptionFailed, .noSuchDatabase, .permissionDenied, .featureMissing:
            .configuration
        case .cancelled: .interrupted
        default: .failure
        }
    }

    /// The SQLSTATE, where the server gave one.
    package var sqlState: String? {
        switch self {
        case .permissionDenied(let error), .cancelledByServer(let error), .lockNotAvailable(let error),
            .objectInUse(let error), .conflict(let error), .featureMissing(let error), .other(let error):
            error.sqlState
        default: nil
        }
    }
}

/// An error as the server reported it, safe to print (PostgreSQL manual, appendix A).
package struct ServerError: Hashable, Sendable {
    package var sqlState: String
    package var message: String
    package var detail: String?
    package var hint: String?
    package var schema: String?
    package var table: String?
    package var column: String?
    package var constraint: String?

    package init(sqlState: String, message: String, detail: String? = nil, hint: String? = nil) {
        self.sqlState = sqlState
        self.message = message
        self.detail = detail
        self.hint = hint
    }

    /// One clause: message, detail, state.
    var summary: String {
        let detail = detail.map { " (\($0.printable))" } ?? ""
        return "\(message.printable)\(detail) [\(sqlState)]"
    }

    /// The case a person would sort it under. `elapsed` and `limit` tell a statement's own time-out from a cancel.
    func classified(elapsed: Duration? = nil, limit: Duration? = nil) -> PostgreSQLError {
        switch sqlState {
        case "42501": .permissionDenied(self)
        case "57014":
            if let elapsed, let limit, elapsed >= limit {
                .timedOut("the statement", after: limit)
            } else {
                .cancelledByServer(self)
            }
        case "55P03": .lockNotAvailable(self)
        case "55006": .objectInUse(self)
        case "40001", "40P01": .conflict(self)
        case "0A000", "42883", "42704", "58P01": .featureMissing(self)
        case "57P01", "57P02", "57P04", "57P05", "25P03", "25P04": .connectionLost(reason: message.printable)
        case "57P03": .serverNotReady(reason: message.printable)
        case "08000", "08003", "08006": .connectionLost(reason: message.printable)
        default: .other(self)
        }
    }
}
