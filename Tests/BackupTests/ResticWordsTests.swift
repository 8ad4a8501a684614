import Glibc
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
            ("Fatal: unable to save snapshot: unexpected EOF", .unreachable),
            ("Fatal: server response unexpected: status code 507", .full),
            ("Fatal: wrong password or no key found", .password),
            ("subject 507 of 900 differs: ciphertext verification failed", .broken),
        ])
    func meanings(text: String, meaning: ResticComplaint) { #expect(ResticComplaint(text) == meaning, "\(text)") }

    @Test("a lock whose number belongs to another program now is dead, one of a living restic is not")
    func locks() {
        var name = utsname()
        #expect(uname(&name) == 0)
        let host = withUnsafeBytes(of: &name.nodename) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        func lock(_ pid: Int32, on host: String) -> ResticLock {
            ResticLock(time: "2026-11-21T02:00:00Z", exclusive: true, hostname: host, username: "root", pid: pid)
        }
        #expect(lock(getpid(), on: host).isReused && lock(getpid(), on: host).isDead)
        #expect(!lock(getpid(), on: "elsewhere").isDead)
        // No process has a number beyond the kernel's limit.
        #expect(lock(.max, on: host).isDead && !lock(.max, on: host).isReused)
    }
}
