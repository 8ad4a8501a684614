import Foundation
import MaintenanceTesting
import Testing

/// `mainstay hold` and `release`, as a person uses them.
@Suite("holds", .temporaryDirectory)
struct HoldTests {
    private let program = Program()
    private var directory: String { program.directory }

    private func configure() throws {
        let change = "{ shell: 'echo $MAINSTAY_ENVIRONMENT >> log', directory: \(directory), effect: maintains }"
        try program.configure(
            """
            environments: { a: {}, b: {} }
            routines:
              own: { steps: [\(change)] }
              look: { steps: [{ shell: 'echo looked >> log', directory: \(directory), effect: observes }] }
            """)
    }

    private func ran() -> [String] {
        guard let text = try? String(contentsOfFile: "\(directory)/log", encoding: .utf8) else { return [] }
        return text.split(separator: "\n").map(String.init).sorted()
    }

    @Test("what is on hold is not changed, what only looks goes on, and a release ends it")
    func holds() async throws {
        try configure()
        #expect(try await program.run("hold", "a", "--reason", "the move of house").exitCode == 0)
        let refused = try await program.run("run", "own", "--all-environments")
        #expect(refused.exitCode == 6, "\(refused.errors)\(refused.output)")
        #expect(refused.output.contains("the move of house"), "\(refused.output)")
        #expect(refused.output.contains("mainstay release a"), "\(refused.output)")
        #expect(ran() == ["b"])
        #expect(try await program.run("run", "look", "--environment", "a").exitCode == 0)
        #expect(ran() == ["b", "looked"])
        let dry = try await program.run("run", "own", "--environment", "a", "--dry-run")
        #expect(dry.output.contains("is on hold"), "\(dry.output)")
        #expect(try await program.run("release", "a").exitCode == 0)
        #expect(try await program.run("run", "own", "--environment", "a").exitCode == 0)
        #expect(ran() == ["a", "b", "looked"])
    }

    @Test("everything is held at once, and an environment's own hold outlives that")
    func everything() async throws {
        try configure()
        #expect(try await program.run("hold", "--everything", "--reason", "freeze", "--for", "1h").exitCode == 0)
        #expect(try await program.run("hold", "b", "--reason", "own").exitCode == 0)
        #expect(try await program.run("run", "own", "--all-environments").exitCode == 6)
        #expect(ran().isEmpty)
        #expect(try await program.run("release", "--everything").exitCode == 0)
        #expect(try await program.run("run", "own", "--all-environments").exitCode == 6)
        #expect(ran() == ["a"])
        let listed = try await program.run("holds")
        #expect(listed.output.contains("own") && !listed.output.contains("freeze"), "\(listed.output)")
    }

    @Test("a hold ends by itself when its time is over")
    func expires() async throws {
        try configure()
        #expect(try await program.run("hold", "a", "--reason", "short", "--for", "300ms").exitCode == 0)
        try await eventually("it is over") {
            try await program.run("holds").output.contains("Nothing is on hold")
        }
        #expect(try await program.run("run", "own", "--environment", "a").exitCode == 0)
        #expect(ran() == ["a"])
        #expect(try await program.run("hold", "a", "--reason", "again").exitCode == 0, "an old one is no obstacle")
    }

    @Test("both are in the audit trail, and mistakes are named")
    func isAudited() async throws {
        try configure()
        _ = try await program.run("hold", "a", "--reason", "the move of house")
        let twice = try await program.run("hold", "a", "--reason", "again")
        #expect(twice.exitCode == 2 && twice.errors.contains("is on hold already"), "\(twice.errors)")
        _ = try await program.run("release", "a", "--reason", "moved")
        let none = try await program.run("release", "a")
        #expect(none.exitCode == 2 && none.errors.contains("'a' is not on hold"), "\(none.errors)")
        let unknown = try await program.run("hold", "c", "--reason", "x")
        #expect(unknown.exitCode == 2, "\(unknown.errors)")
        #expect(try await program.run("hold", "--reason", "x").exitCode == 2)
        let trail = try await program.run("audit", "log", "--format", "json")
        #expect(trail.output.contains("the move of house") && trail.output.contains("\"released\""))
        #expect(try await program.run("audit", "verify").exitCode == 0)
    }

    @Test("a run that was interrupted does not go on where somebody holds it meanwhile")
    func holdsTheRest() async throws {
        try configure()
        var dying = program
        dying.environment["MAINSTAY_FAULT"] = "kill:started:beforeWrite"
        _ = try await dying.run("run", "own", "--environment", "a")
        #expect(try await program.run("hold", "a", "--reason", "stop").exitCode == 0)
        #expect(try await program.run("resume").exitCode == 6)
        #expect(ran().isEmpty)
    }
}
