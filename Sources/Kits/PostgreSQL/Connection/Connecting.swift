import CLibPQ
import Dispatch
import Glibc
import Maintenance
import Synchronization

extension Connection {
    /// Connects, within `settings.connectTimeout` whatever happens: a name server or a host that swallows packets ends
    /// in an error.
    ///
    /// - Throws: `PostgreSQLError`.
    package static func open(
        _ address: DatabaseAddress, _ settings: ConnectionSettings = ConnectionSettings()
    ) async throws -> Connection {
        guard !Task.isCancelled else { throw PostgreSQLError.cancelled }
        let executor = QueueExecutor(label: "mainstay.postgresql")
        guard let wake = WakeSignal() else {
            throw PostgreSQLError.unreachable(address, reason: String(cString: strerror(errno)))
        }
        let token = CallToken(wake: wake)
        let answer = FirstAnswer()
        let connection = try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                answer.expect(continuation)
                executor.queue.async {
                    answer.give(
                        Result {
                            let dial = Dial(address: address, settings: settings, wake: wake, token: token)
                            return Connection(link: try dial.run(), executor: executor, settings: settings)
                        })
                }
                // libpq looks names up with a call that knows neither deadline nor cancellation; this answers for it.
                let limit = settings.connectTimeout + .milliseconds(500)
                DispatchQueue.global().asyncAfter(deadline: .now() + limit.inSeconds) {
                    answer.give(.failure(Dial.timeOut(address, settings)))
                }
            }
        } onCancel: {
            token.cancel()
            answer.give(.failure(PostgreSQLError.cancelled))
        }
        do {
            try await connection.begin()
        } catch {
            await connection.close()
            throw error
        }
        return connection
    }

    /// Opens, hands over, closes; whatever happens.
    @discardableResult
    package static func with<Value>(
        _ address: DatabaseAddress, _ settings: ConnectionSettings = ConnectionSettings(),
        isolation: isolated (any Actor)? = #isolation, _ body: (Connection) async throws -> Value
    ) async throws -> Value {
        let connection = try await open(address, settings)
        do {
            let value = try await body(connection)
            await connection.close()
            return value
        } catch {
            await connection.close()
            throw error
        }
    }
}

/// The first answer counts: whoever comes later is dropped, and a connection made too late closes itself.
private final class FirstAnswer: Sendable {
    private enum State {
        case open
        case expected(CheckedContinuation<Connection, any Error>)
        case early(Result<Connection, any Error>)
        case given
    }

    private let state = Mutex(State.open)

    func expect(_ continuation: CheckedContinuation<Connection, any Error>) {
        let early: Result<Connection, any Error>? = state.withLock { state in
            guard case .early(let answer) = state else {
                state = .expected(continuation)
                return nil
            }
            state = .given
            return answer
        }
        if let early { continuation.resume(with: early) }
    }

    func give(_ answer: Result<Connection, any Error>) {
        let waiting: CheckedContinuation<Connection, any Error>? = state.withLock { state in
            switch state {
            case .open:
                state = .early(answer)
                return nil
            case .expected(let continuation):
                state = .given
                return continuation
            case .early, .given: return nil
            }
        }
        waiting?.resume(with: answer)
    }
}

/// One attempt to connect, on the connection's own queue.
private struct Dial {
    let address: DatabaseAddress
    let settings: ConnectionSettings
    let wake: WakeSignal
    let token: CallToken

    static func timeOut(_ address: DatabaseAddress, _ settings: ConnectionSettings) -> PostgreSQLError {
        .unreachable(address, reason: "no connection within \(settings.connectTimeout.short)")
    }

    func run() throws(PostgreSQLError) -> Link {
        let started = ContinuousClock.now
        var keywords = Self.keepAlive.merging(address.keywords) { $1 }
        keywords["application_name"] = settings.applicationName
        keywords["client_encoding"] = "UTF8"
        let pairs = keywords.sorted { $0.key < $1.key }
        guard let pointer = Self.start(pairs) else { throw .unreachable(address, reason: "out of memory") }
        let notices = NoticeLog()
        notices.listen(to: pointer)
        // With the SQLSTATE in the message, its language does not matter.
        PQsetErrorVerbosity(pointer, PQERRORS_VERBOSE)
        do {
            try poll(pointer, until: started + settings.connectTimeout)
        } catch {
            PQfinish(pointer)
            throw error
        }
        PQsetErrorVerbosity(pointer, PQERRORS_DEFAULT)
        return Link(pointer: pointer, address: address, wake: wake, notices: notices)
    }

    /// A peer that is gone without a word is noticed within about a minute, not after two hours.
    private static let keepAlive = [
        "keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3", "tcp_user_timeout": "60000",
    ]

    private static func start(_ pairs: [(key: String, value: String)]) -> OpaquePointer? {
        let keys = pairs.map { strdup($0.key) }
        let values = pairs.map { strdup($0.value) }
        defer { for copy in keys + values { free(copy) } }
        return PQconnectStartParams(
            keys.map { UnsafePointer($0) } + [nil], values.map { UnsafePointer($0) } + [nil], 0)
    }

    private func poll(_ pointer: OpaquePointer, until deadline: ContinuousClock.Instant) throws(PostgreSQLError) {
        guard PQstatus(pointer) != CONNECTION_BAD else { throw failure(pointer) }
        var state = PGRES_POLLING_WRITING
        while true {
            switch state {
            case PGRES_POLLING_OK: return
            case PGRES_POLLING_READING, PGRES_POLLING_WRITING: break
            default: throw failure(pointer)
            }
            guard !token.isCancelled else { throw .cancelled }
            let left = deadline - ContinuousClock.now
            guard left > .zero else { throw Self.timeOut(address, settings) }
            var descriptors = [
                pollfd(
                    fd: PQsocket(pointer), events: Int16(state == PGRES_POLLING_READING ? POLLIN : POLLOUT), revents: 0),
                pollfd(fd: wake.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            let ready = Glibc.poll(&descriptors, 2, Int32(clamping: left.microseconds / 1_000 + 1))
            if descriptors[1].revents != 0 { wake.drain() }
            if ready > 0, descriptors[0].revents != 0 { state = PQconnectPoll(pointer) }
        }
    }

    /// What the failed attempt means. libpq gives no SQLSTATE for it but in the verbose message:
    /// `connection to server at "…", port 5432 failed: FATAL:  28P01: password authentication failed for user "x"`.
    private func failure(_ pointer: OpaquePointer) -> PostgreSQLError {
        let text = PQerrorMessage(pointer).map { String(cString: $0) } ?? ""
        // One line a host that was tried, each with lines of advice behind it.
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("LOCATION:") && !$0.hasPrefix("\t") }
        guard let line = lines.last(where: { $0.contains(":  ") || $0.contains(" failed: ") }) ?? lines.last else {
            return .unreachable(address, reason: "no reason given")
        }
        let (state, message) = Self.parse(String(line))
        let reason = address.redacted(message).printable
        switch state {
        case "28000", "28P01", "42501": return .authenticationFailed(address, reason: reason)
        case "3D000", "42704": return .noSuchDatabase(address, reason: reason)
        case "53300", "53400": return .tooManyConnections(address, reason: reason)
        case "57P01", "57P02", "57P03": return .serverNotReady(reason: reason)
        case let state?: return ServerError(sqlState: state, message: reason).classified()
        case nil: break
        }
        if PQconnectionNeedsPassword(pointer) != 0 { return .authenticationFailed(address, reason: reason) }
        if text.contains("SSL") || text.contains("certificate") || text.contains("TLS") {
            return .encryptionFailed(address, reason: reason)
        }
        if text.contains("definition of service") || text.contains("service file") { return .badAddress(reason) }
        return .unreachable(address, reason: reason)
    }

    /// The SQLSTATE, if there is one, and the message without libpq's preamble.
    private static func parse(_ line: String) -> (state: String?, message: String) {
        var message = line[...]
        if message.hasPrefix("connection to server"), let failed = message.firstRange(of: " failed: ") {
            message = message[failed.upperBound...]
        }
        guard let gap = message.firstRange(of: ":  ") else { return (nil, String(message)) }
        let rest = message[gap.upperBound...]
        let state = rest.prefix(5)
        guard state.utf8.count == 5, state.allSatisfy({ $0.isASCII && ($0.isNumber || $0.isUppercase) }),
            rest.dropFirst(5).hasPrefix(": ")
        else { return (nil, String(message)) }
        return (String(state), String(rest.dropFirst(7)))
    }
}
