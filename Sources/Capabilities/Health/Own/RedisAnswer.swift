import Engine
import Maintenance
import Outside
import Settings

extension Check {
    static let redisAnswer = Check(
        CheckSchema(
            name: "redis.answer", summary: "whether a Redis answers, and how full it is",
            thresholds: .init(.percent, warning: 80, critical: 95), timeout: .seconds(60), retries: 1),
        code: "HC064",
        title: "Redis",
        kind: .redis,
        explanation: """
            Logs in, asks PING and INFO over a new connection, and judges by the conditions what INFO says. The value is \
            the share of 'maxmemory' that is used: near its end Redis throws keys away or refuses to write, as its \
            'maxmemory-policy' has it. Without 'maxmemory' there is no value, and the machine's memory is the limit. A \
            server that does not answer, still loads its data, has lost its replication link, or could not save to disk \
            the last time it tried, is critical.
            """,
        source: "https://redis.io/docs/latest/commands/info/"
    ) { context in
        guard case .redis(let access) = context.resource.access else {
            preconditionFailure("'\(context.resource.name)' is asked as a Redis and is \(context.resource.kind)")
        }
        let programs = context.look.programs
        let place = try RedisPlace(try await access.url.resolve(with: programs).reveal())
        let password = try await access.password?.resolve(with: programs)
        var probe = SocketProbe(
            place.host, place.port, timeLimit: access.timeout,
            RedisTalk(user: access.user, password: password, isSecure: place.isSecure))
        probe.trust = access.certificateAuthorityFile.map { .file(path: $0) } ?? .system
        let observation: SocketObservation
        do {
            observation = try await context.look.probers.socket.observe(probe)
        } catch let error as SocketError {
            return Reading(summary: error.problem, state: .critical)
        }
        if case .failed(let reason)? = observation.tls?.verification {
            return Reading(summary: "no answer is accepted: \(reason.printable)", state: .critical)
        }
        let redis = RedisFacts(observation.heard)
        var reading = Reading(value: redis.memoryUsed?.value)
        reading.state = [redis.memoryUsed.map { context.limits.judge($0.value) } ?? .passed, redis.trouble.state].worst
        let memory = redis.number("used_memory").map { ByteCount(Int64($0)).description } ?? "unknown"
        let share = redis.memoryUsed.map { ", \($0) of maxmemory (\(context.limits.text))" } ?? ", without maxmemory"
        reading.summary =
            ([redis.trouble.clause].compactMap(\.self) + ["\(redis.fields["role"] ?? "?"), \(memory) used\(share)"])
            .joined(separator: "; ").printable
        reading.measurements = redis.measurements(at: context.target, observation.times.total)
        reading.judge(access.expected, by: redis.facts(observation.times, at: context.look.clock.now()))
        return reading
    }
}

/// Where a Redis URL leads.
struct RedisPlace: Sendable, Hashable {
    var host: String
    var port: Int
    var isSecure: Bool

    /// - Throws: `MalformedRedisURL`; the URL is not shown, since it may hold a password.
    init(_ url: String) throws(MalformedRedisURL) {
        let parts = url.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == "redis" || parts[0] == "rediss", !parts[1].utf8.contains(UInt8(ascii: "@"))
        else { throw MalformedRedisURL() }
        let authority = String(parts[1].prefix { $0 != "/" && $0 != "?" })
        let hasPort = authority.utf8.last != UInt8(ascii: "]") && authority.utf8.contains(UInt8(ascii: ":"))
        guard let place = HostPort(hasPort ? authority : "\(authority):6379") else { throw MalformedRedisURL() }
        (host, port, isSecure) = (place.host, place.port, parts[0] == "rediss")
    }
}

struct MalformedRedisURL: MaintenanceError {
    var code: String { "health.redis-url" }
    var problem: String { "the URL of the Redis is none that could be asked" }
    var hint: String? { "Write redis://host:6379 or rediss://host:6379, and user and password in keys of their own." }
    var exitStatus: ExitStatus { .configuration }
}

extension RedisFacts {
    /// What Redis itself calls broken.
    fileprivate var trouble: (state: CheckOutcome.State, clause: String?) {
        if fields["loading"] == "1" { return (.critical, "it still loads its data") }
        if fields["role"] == "slave", fields["master_link_status"] == "down" {
            return (.critical, "its link to the primary is down")
        }
        if fields["rdb_last_bgsave_status"] == "err" { return (.critical, "its last save to disk failed") }
        if fields["aof_last_write_status"] == "err" {
            return (.critical, "its last write to the append-only file failed")
        }
        return (.passed, nil)
    }

    fileprivate func measurements(at target: Target, _ time: Duration) -> [Measurement] {
        let values: [(String, Measurement.Unit, Double?)] = [
            ("redis.memory", .bytes, number("used_memory")), ("redis.hit-rate", .percent, hitRate?.value),
            ("redis.evictions", .count, number("evicted_keys")),
            ("redis.clients", .count, number("connected_clients")), ("redis.keys", .count, Double(keys)),
            ("redis.response-time", .seconds, time.inSeconds),
        ]
        return values.compactMap { name, unit, value in
            value.map { Measurement(name, target, unit: unit, value: $0) }
        }
    }

    fileprivate func facts(_ times: HTTPObservation.Times, at now: Timestamp) -> ConditionFacts {
        func value(_ number: Double?, _ reason: String) -> ConditionFacts.Value {
            number.map { .number($0) } ?? .missing(reason)
        }
        func number(_ field: String) -> ConditionFacts.Value {
            value(self.number(field), "this server does not tell '\(field)'")
        }
        var facts = ConditionFacts(times.facts)
        let named = fields.map { ($0.key.lowercased(), ConditionFacts.Value.text($0.value)) }
        let saved = self.number("rdb_last_save_time").map { (now - Timestamp(seconds: $0)).inSeconds }
        facts.values.merge([
            "info": .fields(Dictionary(named) { first, _ in first }),
            "version": .text(fields["redis_version"] ?? ""), "role": .text(fields["role"] ?? ""),
            "memory": number("used_memory"),
            "memory-used": value(memoryUsed?.value, "maxmemory is not set"),
            "fragmentation": number("mem_fragmentation_ratio"),
            "hit-rate": value(hitRate?.value, "no key was looked up yet"), "evictions": number("evicted_keys"),
            "clients": number("connected_clients"), "keys": .number(Double(keys)),
            "uptime": number("uptime_in_seconds"), "last-save": value(saved, "this server does not tell when it saved"),
            "unsaved-changes": number("rdb_changes_since_last_save"), "replicas": number("connected_slaves"),
        ]) { $1 }
        return facts
    }
}
