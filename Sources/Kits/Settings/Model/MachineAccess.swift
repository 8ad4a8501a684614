import Maintenance
import Outside

/// A name, and what the domain name system has to say about it.
package struct DNSAccess: Sendable, Equatable {
    package var name: String
    package var kind = DNSQuestion.Kind.a
    /// An IPv4 address with an optional port, as written; nil for the system's own servers.
    package var resolver: String?
    /// For one attempt at one server.
    package var timeout: Duration = .seconds(5)
    package var expected = ConditionSet()

    package init(name: String) { self.name = name }
}

/// A machine that answers ICMP echo requests.
package struct PingAccess: Sendable, Equatable {
    package var address: String
    package var packets = 3
    /// For each packet.
    package var timeout: Duration = .seconds(2)
    package var expected = ConditionSet()

    package init(address: String) { self.address = address }
}

/// A Redis or Valkey server.
package struct RedisAccess: Sendable, Equatable {
    /// `redis://host:6379` or `rediss://host:6379`, without user and password.
    package var url: ConfiguredText
    /// Of an ACL; nil for the default user.
    package var user: String?
    package var password: ConfiguredText?
    package var certificateAuthorityFile: String?
    package var timeout: Duration = .seconds(10)
    package var expected = ConditionSet()

    package init(url: ConfiguredText) { self.url = url }
}

/// A PgBouncer, through its own console.
package struct PoolerAccess: Sendable, Equatable {
    /// Of the console: `postgresql://watcher@host:6432/pgbouncer`.
    package var url: ConfiguredText
    package var password: ConfiguredText?
    package var timeout: Duration = .seconds(10)
    package var expected = ConditionSet()

    package init(url: ConfiguredText) { self.url = url }
}

/// Programs that run on this machine.
package struct ProcessAccess: Sendable, Equatable {
    /// The program's name as the kernel has it (`ps -o comm`), cut to 15 bytes.
    package var program: String?
    /// Text its command line has to contain.
    package var commandLine: String?
    /// Who it runs as.
    package var user: String?
    /// How many have to run at least.
    package var minimum = 1
    package var expected = ConditionSet()

    package init() {}
}

/// A log on this machine in which some lines should not come.
package struct LogPatternAccess: Sendable, Equatable {
    package var path: String
    package var pattern: LinePattern
    /// Lines that match this as well are not meant.
    package var ignored: LinePattern?
    /// How long a line counts.
    package var within: Duration = .seconds(900)
    package var expected = ConditionSet()

    package init(path: String, pattern: LinePattern) {
        self.path = path
        self.pattern = pattern
    }

    package func isMeant(_ line: ArraySlice<UInt8>) -> Bool {
        pattern.matches(line) && !(ignored?.matches(line) ?? false)
    }
}

/// A unit of systemd on this machine.
package struct ServiceAccess: Sendable, Equatable {
    /// With its suffix: `nginx.service`, `backup.timer`.
    package var unit: String
    package var timeout: Duration = .seconds(10)
    package var expected = ConditionSet()

    package init(unit: String) { self.unit = unit }
}
