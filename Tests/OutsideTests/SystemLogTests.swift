import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import Testing

@Suite("the system log", .temporaryDirectory)
struct SystemLogTests {
    @Test("takes a line in the form of syslog(3), with control characters made harmless")
    func writes() throws {
        let socket = try LogSocket(TemporaryDirectory.current + "/log")
        let log = SystemLog(path: socket.path)
        #expect(log.write("audit:1:ab after\nx", at: Timestamp(microseconds: 1_795_226_400_000_000)) == nil)
        let line = try #require(try socket.next())
        #expect(line.wholeMatch(of: /<13>Nov 2[01] [0-9:]{8} mainstay\[\d+\]: audit:1:ab after\\nx/) != nil, "\(line)")
    }

    @Test("says why where nobody listens")
    func saysWhy() throws {
        #expect(SystemLog(path: TemporaryDirectory.current + "/none").write("x", at: Timestamp(microseconds: 0)) != nil)
        let long = SystemLog(path: "/" + String(repeating: "x", count: 200))
        #expect(long.write("x", at: Timestamp(microseconds: 0)) == "file name too long")
    }

    @Test("does not wait for a listener that does not read")
    func doesNotWait() throws {
        let socket = try LogSocket(TemporaryDirectory.current + "/log")
        let log = SystemLog(path: socket.path)
        let line = String(repeating: "x", count: 8_000)
        let reasons = (0..<500).compactMap { _ in log.write(line, at: Timestamp(microseconds: 0)) }
        #expect(!reasons.isEmpty)
    }
}
