import CLibPQ
import Glibc
import Maintenance

/// libpq's connection, used without its blocking calls: every wait is a `poll` that ends with data, with the call's
/// deadline, or with its cancellation. It belongs to one `Connection` and is only touched on that actor's queue.
final class Link {
    /// How long the server gets to answer a cancel before the connection is given up.
    static let grace: Duration = .seconds(5)
    private static let cancelInterval: Duration = .milliseconds(250)

    private(set) var pointer: OpaquePointer?
    let address: DatabaseAddress
    let wake: WakeSignal
    let notices: NoticeLog
    private var canceller: Canceller?
    private(set) var lossReason: String?
    private let isEncrypted: Bool
    private var hasTriedPending = false

    /// One call's limits and what has become of it.
    struct Call {
        let token: CallToken?
        let started = ContinuousClock.now
        /// Ends the call from here.
        let timeout: Duration?
        /// The server's own limit, to tell its time-out from a cancel.
        let statementTimeout: Duration?
        fileprivate(set) var interruption: Interruption?

        init(token: CallToken?, timeout: Duration?, statementTimeout: Duration?) {
            self.token = token
            self.timeout = timeout
            self.statementTimeout = statementTimeout
        }
    }

    struct Interruption {
        enum Reason { case cancelled, timedOut, stopped }
        let reason: Reason
        let since: ContinuousClock.Instant
        fileprivate var lastFired: ContinuousClock.Instant
    }

    init(pointer: OpaquePointer, address: DatabaseAddress, wake: WakeSignal, notices: NoticeLog) {
        self.pointer = pointer
        self.address = address
        self.wake = wake
        self.notices = notices
        isEncrypted = PQsslInUse(pointer) != 0
        canceller = Canceller(connection: pointer, wake: wake)
        PQsetnonblocking(pointer, 1)
    }

    deinit { finish() }

    func finish() {
        if let pointer { PQfinish(pointer) }
        pointer = nil
    }

    func live() throws(PostgreSQLError) -> OpaquePointer {
        guard let pointer else { throw lossReason.map { .connectionLost(reason: $0) } ?? .closed }
        return pointer
    }

    /// Gives the connection up.
    func lose(_ reason: String) -> PostgreSQLError {
        lossReason = reason
        finish()
        return .connectionLost(reason: reason)
    }

    var lastMessage: String {
        let text = pointer.flatMap(PQerrorMessage).map { String(cString: $0) } ?? ""
        return address.redacted(text.trimmingWhitespace()).printable
    }

    // MARK: Waiting

    /// Waits until there is something to read (or to write, if asked), or throws when the call is given up.
    func wait(for call: inout Call, writing: Bool = false) throws(PostgreSQLError) {
        let pointer = try live()
        try interruptIfDue(&call)
        // The TLS library may hold decrypted bytes that no poll sees: every other wait only looks for those.
        if isEncrypted, !writing, !hasTriedPending {
            hasTriedPending = true
            return consume()
        }
        hasTriedPending = false
        var descriptors = [
            pollfd(fd: PQsocket(pointer), events: Int16(POLLIN), revents: 0),
            pollfd(fd: wake.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        if writing { descriptors[0].events |= Int16(POLLOUT) }
        let ready = poll(&descriptors, 2, pause(call))
        guard ready >= 0 || errno == EINTR else { throw lose(String(cString: strerror(errno))) }
        if descriptors[1].revents != 0 { wake.drain() }
        if descriptors[0].revents & Int16(POLLIN | POLLHUP | POLLERR) != 0 { consume() }
    }

    /// A failure shows in the next result, with the server's last words if there were any.
    private func consume() {
        if let pointer, PQconsumeInput(pointer) == 0 { lossReason = lastMessage }
    }

    /// Milliseconds until something has to be done though nothing happens.
    private func pause(_ call: Call) -> Int32 {
        if call.interruption != nil { return 50 }
        guard let timeout = call.timeout else { return -1 }
        let left = timeout - (ContinuousClock.now - call.started)
        return Int32(clamping: max(0, left.microseconds / 1_000) + 1)
    }

    private func interruptIfDue(_ call: inout Call) throws(PostgreSQLError) {
        let now = ContinuousClock.now
        if let interruption = call.interruption {
            if now - interruption.since > Self.grace {
                let reason = "the server did not answer a cancel within \(Self.grace.short)"
                let error = lose(reason)
                throw interruption.reason == .timedOut ? timeOut(call) : error
            }
            if now - interruption.lastFired > Self.cancelInterval {
                canceller?.fire()
                call.interruption?.lastFired = now
            }
        } else if call.token?.isCancelled == true {
            interrupt(&call, .cancelled)
        } else if let timeout = call.timeout, now - call.started >= timeout {
            interrupt(&call, .timedOut)
        }
    }

    /// Has the server cancel what it runs; the results still have to be read.
    func interrupt(_ call: inout Call, _ reason: Interruption.Reason) {
        guard call.interruption == nil else { return }
        let now = ContinuousClock.now
        call.interruption = Interruption(reason: reason, since: now, lastFired: now)
        canceller?.fire()
    }

    /// After the last result: waits for a canceller under way, so that it cannot hit the next statement.
    func settle(_ call: inout Call) throws(PostgreSQLError) {
        guard call.interruption != nil, let canceller else { return }
        let since = ContinuousClock.now
        while canceller.isRunning {
            guard ContinuousClock.now - since < Self.grace else {
                throw lose("a cancel request did not return within \(Self.grace.short)")
            }
            var descriptor = pollfd(fd: wake.descriptor, events: Int16(POLLIN), revents: 0)
            if poll(&descriptor, 1, 50) > 0 { wake.drain() }
        }
    }

    private func timeOut(_ call: Call) -> PostgreSQLError {
        .timedOut("the statement", after: call.timeout ?? .zero)
    }

    // MARK: Statements

    /// Sends one statement with its parameters (extended protocol, which takes exactly one).
    func send(_ sql: SQL, call: inout Call) throws(PostgreSQLError) {
        let pointer = try live()
        let text = sql.text
        let values = sql.parameters.map(\.text)
        guard !text.utf8.contains(0), !values.contains(where: { $0?.utf8.contains(0) == true }) else {
            throw .nulCharacter
        }
        let copies = values.map { $0.map { strdup($0) } ?? nil }
        defer { for copy in copies { free(copy) } }
        let pointers = copies.map { $0.map { UnsafePointer<CChar>($0) } }
        let sent = PQsendQueryParams(pointer, text, Int32(values.count), nil, pointers, nil, nil, 0)
        guard sent == 1 else { throw sendingFailed() }
        try flush(&call)
    }

    /// Sends a text as it is (simple protocol): one or more statements.
    func send(script: String, call: inout Call) throws(PostgreSQLError) {
        let pointer = try live()
        guard !script.utf8.contains(0) else { throw .nulCharacter }
        guard PQsendQuery(pointer, script) == 1 else { throw sendingFailed() }
        try flush(&call)
    }

    /// Sends a COPY (simple protocol: the server is ready for the next statement exactly once, however the COPY ends).
    func send(copy sql: SQL, call: inout Call) throws(PostgreSQLError) {
        guard sql.parameters.isEmpty else { throw .misuse("a COPY takes no parameters") }
        try send(script: sql.text, call: &call)
    }

    private func sendingFailed() -> PostgreSQLError {
        guard let pointer, PQstatus(pointer) == CONNECTION_BAD else { return .misuse(lastMessage) }
        return lose(lossReason ?? lastMessage)
    }

    func flush(_ call: inout Call) throws(PostgreSQLError) {
        while true {
            let state = PQflush(try live())
            if state == 0 { return }
            // The reason is in the next result.
            if state < 0 { return }
            try wait(for: &call, writing: true)
        }
    }

    /// The next result, nil after the last one.
    func nextResult(_ call: inout Call) throws(PostgreSQLError) -> ResultBox? {
        while PQisBusy(try live()) != 0 {
            if lossReason != nil { break }
            try wait(for: &call)
        }
        return PQgetResult(try live()).map(ResultBox.init)
    }

    /// Reads results to the last, so that the next statement can be sent.
    func drain(_ call: inout Call) throws(PostgreSQLError) {
        while let result = try nextResult(&call) {
            switch result.status {
            case PGRES_COPY_OUT, PGRES_COPY_BOTH: try drainCopy(&call)
            case PGRES_COPY_IN: PQputCopyEnd(try live(), "not expected")
            default: break
            }
            if lossReason != nil { break }
        }
    }

    /// Drops the rest of a COPY.
    func drainCopy(_ call: inout Call) throws(PostgreSQLError) {
        while true {
            var row: UnsafeMutablePointer<CChar>?
            let length = PQgetCopyData(try live(), &row, 1)
            if let row { PQfreemem(row) }
            if length < 0 { return }
            if length == 0 { try wait(for: &call) }
        }
    }

    /// Throws what a failed result means; the call may have been interrupted by us.
    func check(_ result: ResultBox, call: Call) throws(PostgreSQLError) {
        guard result.status == PGRES_FATAL_ERROR || result.status == PGRES_BAD_RESPONSE else { return }
        throw failure(result, call: call)
    }

    private func failure(_ result: ResultBox, call: Call) -> PostgreSQLError {
        guard let server = result.serverError(redactedBy: address) else {
            return lose(lossReason ?? lastMessage)
        }
        if server.sqlState == "57014", let interruption = call.interruption {
            return interruption.reason == .timedOut ? timeOut(call) : .cancelled
        }
        let error = server.classified(
            elapsed: ContinuousClock.now - call.started, limit: call.statementTimeout)
        if let pointer, PQstatus(pointer) == CONNECTION_BAD || lossReason != nil {
            lossReason = server.message.printable
            finish()
        }
        return error
    }
}
