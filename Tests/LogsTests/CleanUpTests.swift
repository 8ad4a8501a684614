import Engine
import Foundation
import Logs
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Testing

@Suite("data cleanup-temp", .temporaryDirectory)
struct CleanUpTests {
    private func estate(isProtected: Bool = false, adapting: (inout FileAccess) -> Void = { _ in }) throws -> FileEstate
    {
        let path = TemporaryDirectory.current + "/uploads"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        var access = FileAccess(
            path: Written(path, at: FileEstate.line(3)),
            olderThan: Written(Period(duration: .seconds(7 * 86_400)), at: FileEstate.line(4)))
        adapting(&access)
        return try FileEstate(.files(access), isProtected: isProtected)
    }

    @Test("old files under the path are removed, and nothing else, nowhere else")
    func removes() async throws {
        let estate = try estate()
        try estate.write("uploads/old", "x", daysOld: 8)
        try estate.write("uploads/deep/er/old\nname", "xx", daysOld: 30)
        try estate.write("uploads/young", "x", daysOld: 6.9)
        try estate.write("beside/old", "x", daysOld: 90)
        try FileManager.default.createSymbolicLink(
            atPath: estate.directory + "/uploads/link", withDestinationPath: estate.directory + "/beside")
        let summary = try await estate.harness.run("data cleanup-temp")
        #expect(summary.step.state == .succeeded)
        #expect(summary.states == ["remove proved"])
        #expect(summary.changes[0].evidence?["files removed"] == 2)
        #expect(summary.changes[0].evidence?["bytes removed"] == 3)
        #expect(
            try estate.listing() == [
                "beside", "beside/old", "uploads", "uploads/deep", "uploads/deep/er", "uploads/link", "uploads/young",
            ])
        #expect(try await estate.harness.run("data cleanup-temp").changes.isEmpty)
    }

    @Test("a dry run lists what would go, changes nothing, and its digest makes exactly that go")
    func dryRun() async throws {
        let estate = try estate()
        try estate.write("uploads/a", "aa", daysOld: 9)
        try estate.write("uploads/b", "b", daysOld: 8)
        let before = try estate.listing()
        let dry = try await estate.harness.run("data cleanup-temp", isDryRun: true)
        #expect(try estate.listing() == before)
        #expect(dry.steps[0].observation?.listings[0].rows.map { $0[0] } == ["a", "b"])
        let plan = try #require(dry.plans.first)
        #expect(
            plan.changes[0].action.lines[0].hasPrefix(
                "remove 2 files under \(estate.directory)/uploads, 3 B, last modified by "))
        // Time alone does not change a plan.
        estate.clock.advance(by: .seconds(300))
        let done = try await estate.harness.run("data cleanup-temp", planDigest: plan.digest)
        #expect(done.step.state == .succeeded)
        #expect(try estate.listing("/uploads").isEmpty)
    }

    @Test("a plan that would remove another file by now is refused, and nothing is removed")
    func movedPlan() async throws {
        let estate = try estate()
        try estate.write("uploads/a", "aa", daysOld: 9)
        let digest = try #require(try await estate.harness.run("data cleanup-temp", isDryRun: true).plans.first).digest
        try estate.write("uploads/other", "b", daysOld: 9)
        await #expect(throws: EngineError.self) {
            try await estate.harness.run("data cleanup-temp", planDigest: digest)
        }
        #expect(try estate.listing("/uploads") == ["a", "other"])
    }

    @Test("only names that match are removed, and a limit takes the oldest")
    func includeAndLimit() async throws {
        let estate = try estate { access in
            access.include = Written(["*.tmp", "core.*"], at: FileEstate.line(5))
            access.limit.files = Written(2, at: FileEstate.line(6))
        }
        for day in 10...13 { try estate.write("uploads/\(day).tmp", "x", daysOld: Double(day)) }
        try estate.write("uploads/keep.txt", "x", daysOld: 99)
        let summary = try await estate.harness.run("data cleanup-temp")
        #expect(summary.steps[0].observation?.evidence["left for the next run"] == 2)
        #expect(try estate.listing("/uploads") == ["10.tmp", "11.tmp", "keep.txt"])
    }

    @Test("a limit in bytes is not gone over")
    func byteLimit() async throws {
        let estate = try estate { $0.limit.bytes = Written(ByteCount(10), at: FileEstate.line(6)) }
        for day in 10...13 { try estate.write("uploads/\(day)", "four", daysOld: Double(day)) }
        _ = try await estate.harness.run("data cleanup-temp")
        #expect(try estate.listing("/uploads") == ["10", "11"])
    }

    @Test("directories that this empties go where it is asked for, others stay", arguments: [true, false])
    func directories(removes: Bool) async throws {
        let estate = try estate { $0.removesEmptyDirectories = Written(removes, at: FileEstate.line(5)) }
        try estate.write("uploads/a/b/old", "x", daysOld: 8)
        try estate.write("uploads/c/old", "x", daysOld: 8)
        try estate.write("uploads/c/young", "x")
        try FileManager.default.createDirectory(
            atPath: estate.directory + "/uploads/fresh", withIntermediateDirectories: true)
        #expect(try await estate.harness.run("data cleanup-temp").step.state == .succeeded)
        let left = ["c", "c/young", "fresh"]
        #expect(try estate.listing("/uploads") == (removes ? left : ["a", "a/b"] + left))
    }

    @Test("in a routine the configuration's line is the approval, also in a protected environment")
    func routine() async throws {
        let estate = try estate(isProtected: true)
        try estate.write("uploads/old", "x", daysOld: 8)
        let summary = try await estate.harness.run("data cleanup-temp", isRoutine: true)
        #expect(summary.step.state == .succeeded)
        #expect(summary.changes[0].change.authority == "mainstay.yaml:4:5")
    }

    @Test("a routine with a shorter age than the written one waits where it is protected, a longer one may")
    func narrowed() async throws {
        let estate = try estate(isProtected: true)
        try estate.write("uploads/old", "x", daysOld: 5)
        try estate.write("uploads/older", "x", daysOld: 40)
        let waiting = try await estate.harness.run("data cleanup-temp --older-than=3d", isRoutine: true)
        #expect(waiting.step.state == .waiting)
        #expect(try estate.listing("/uploads") == ["old", "older"])
        #expect(
            try await estate.harness.run("data cleanup-temp --older-than=1mo", isRoutine: true).step.state == .succeeded
        )
        #expect(try estate.listing("/uploads") == ["old"])
    }

    @Test("typed by hand in a protected environment it asks", arguments: [true, false])
    func byHand(isConfirmed: Bool) async throws {
        let estate = try estate(isProtected: true)
        try estate.write("uploads/old", "x", daysOld: 8)
        let summary = try await estate.harness.run("data cleanup-temp", confirm: { _ in isConfirmed })
        #expect(summary.step.state == (isConfirmed ? .succeeded : .refused))
        #expect(try estate.listing("/uploads").isEmpty == isConfirmed)
    }

    @Test("a path that is a symbolic link or missing fails, and nothing is removed")
    func linkedPath() async throws {
        let estate = try estate()
        try estate.write("elsewhere/old", "x", daysOld: 9)
        try FileManager.default.removeItem(atPath: estate.directory + "/uploads")
        let missing = try await estate.harness.run("data cleanup-temp")
        #expect(missing.step.state == .failed)
        #expect(missing.steps[0].error?.code == "file.missing")
        try FileManager.default.createSymbolicLink(
            atPath: estate.directory + "/uploads", withDestinationPath: estate.directory + "/elsewhere")
        let linked = try await estate.harness.run("data cleanup-temp")
        #expect(linked.step.state == .failed)
        #expect(linked.steps[0].error?.code == "file.symbolic-link")
        #expect(try estate.listing("/elsewhere") == ["old"])
    }

    @Test("while another process holds the path's lock nothing is removed")
    func locked() async throws {
        let estate = try estate()
        try estate.write("uploads/old", "x", daysOld: 8)
        let lock = try SafeDirectory(estate.directory + "/uploads").lock()
        // A lock is worth another attempt: the engine waits on the clock in between.
        let summary = try await estate.withRunningClock { try await estate.harness.run("data cleanup-temp") }
        lock.release()
        #expect(summary.step.state == .failed)
        #expect(summary.steps[0].error?.code == "file.locked")
        #expect(try estate.listing("/uploads") == ["old"])
    }
}
