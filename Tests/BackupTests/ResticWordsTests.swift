import Glibc
import Maintenance
import Testing

@testable import Backup

@Suite("what restic's words mean")
struct ResticWordsTests {
    @Test(
        "a check that came to its end found a damage, unless a connection failed it",
        arguments: [
            (
                "Load(<data/507 ab>, 0, 0) failed: unexpected EOF\nFatal: repository contains errors",
                ResticComplaint.broken
            ),
            ("pack 1f: broken pipe of bytes\nFatal: repository contains errors", .broken),
            (
                "Load(<data/1f>): dial tcp 127.0.0.1:9: connect: connection refused\nFatal: repository contains errors",
                .unreachable
            ),
            (
                "Load(<data/1f>): Get \"https://s3.example\": dial tcp: lookup s3.example: server misbehaving\nFatal: repository contains errors",
                .unreachable
            ),
            ("Load(<index/1f>): 503 Service Unavailable\nFatal: repository contains errors", .unreachable),
            ("Load(<data/1f>): Please reduce your request rate.\nFatal: repository contains errors", .unreachable),
            (
                "Load(<data/1f>): The provided token has expired. ExpiredToken\nFatal: repository contains errors",
                .credentials
            ),
            ("Load(<data/1f>): Access Denied.\nFatal: repository contains errors", .credentials),
            ("Fatal: unable to save snapshot: unexpected EOF", .unreachable),
            ("Fatal: server response unexpected: status code 507", .full),
            ("Fatal: wrong password or no key found", .password),
            ("subject 507 of 900 differs: ciphertext verification failed", .broken),
        ])
    func meanings(text: String, meaning: ResticComplaint) { #expect(ResticComplaint(text) == meaning, "\(text)") }

    @Test("a lock whose number belongs to another program is dead once restic itself takes it for that")
    func locks() throws {
        var name = utsname()
        #expect(uname(&name) == 0)
        let host = withUnsafeBytes(of: &name.nodename) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        func lock(_ pid: Int32, on host: String) -> ResticLock {
            ResticLock(time: "2026-11-21T02:00:00Z", exclusive: true, hostname: host, username: "root", pid: pid)
        }
        let young = try #require(Timestamp(iso8601: "2026-11-21T02:29:00Z"))
        let old = try #require(Timestamp(iso8601: "2026-11-21T02:31:00Z"))
        #expect(!lock(getpid(), on: host).isReused(at: young) && !lock(getpid(), on: host).isDead(at: young))
        #expect(lock(getpid(), on: host).isReused(at: old) && lock(getpid(), on: host).isDead(at: old))
        #expect(!lock(getpid(), on: "elsewhere").isDead(at: old))
        // No process has a number beyond the kernel's limit.
        #expect(lock(.max, on: host).isDead(at: young) && !lock(.max, on: host).isReused(at: young))
    }
}
