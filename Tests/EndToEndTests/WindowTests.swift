import Foundation
import Glibc
import MaintenanceTesting
import Testing

/// Windows as a person uses them, with the clock of the wall: a window is opened and closed by writing it otherwise.
@Suite("windows", .temporaryDirectory)
struct WindowTests {
    private let program = Program()
    private var directory: String { program.directory }

    /// Six hours from now, for most of an hour.
    private static var closed: String {
        let hour = (Int(Date().timeIntervalSince1970) / 3_600 + 6) % 24
        let text = String(format: "%02d", hour)
        return "during: 'daily \(text):00-\(text):50'"
    }

    private func configure(_ window: String, emergency: Bool = false) throws {
        let steps = ["one", "two"].map { word in
            "{ shell: 'echo \(word) >> log', directory: \(directory), effect: maintains, idempotent: true }"
        }
        try program.configure(
            """
            environments:
              a: { windows: [{ \(window) }\(emergency ? ", { kind: emergency }" : "")] }
            routines:
              own: { steps: [\(steps.joined(separator: ", "))] }
              look: { steps: [{ shell: 'echo looked >> log', directory: \(directory), effect: observes }] }
            """)
    }

    private func ran() -> [String] {
        guard let text = try? String(contentsOfFile: "\(directory)/log", encoding: .utf8) else { return [] }
        return text.split(separator: "\n").map(String.init)
    }

    @Test("outside of its window a routine waits and says so everywhere; inside it is done; looking needs none")
    func waits() async throws {
        try configure(Self.closed)
        let plan = try await program.run("plan", "own")
        #expect(plan.exitCode == 0 && plan.output.contains("no window is open; the next one opens"), "\(plan.output)")
        let json = try await program.run("plan", "own", "--format", "json")
        #expect(json.output.contains("\"nextWindow\"") && json.output.contains("nothing is known of it"))
        let waiting = try await program.run("run", "own")
        #expect(waiting.exitCode == 6, "\(waiting.output)\(waiting.errors)")
        #expect(waiting.output.contains("wait for their window, which opens"), "\(waiting.output)")
        #expect(try await program.run("resume").exitCode == 6)
        #expect(try await program.run("run", "look").exitCode == 0)
        #expect(ran() == ["looked"])
        let status = try await program.run("status")
        // A line for each of the two steps.
        #expect(status.output.components(separatedBy: "waits for the window that opens").count == 3, "\(status.output)")
        #expect(status.output.contains("mainstay resume "))
        // The same again takes the place of what waits, and does not stand beside it.
        #expect(try await program.run("run", "own").exitCode == 6)
        let again = try await program.run("status")
        #expect(again.output.components(separatedBy: "waits for the window").count == 3, "\(again.output)")
        try configure("during: anytime")
        let done = try await program.run("resume")
        #expect(done.exitCode == 0, "\(done.output)\(done.errors)")
        #expect(ran() == ["looked", "one", "two"])
    }

    @Test("an emergency needs a reason and somebody else; without an emergency window there is none")
    func emergency() async throws {
        try configure(Self.closed, emergency: true)
        let waiting = try await program.run("run", "own")
        #expect(waiting.output.contains("--emergency --reason TEXT"), "\(waiting.output)")
        #expect(try await program.run("approve", "latest", "--emergency").exitCode == 2)
        let usual = try await program.run("approve", "latest", "--reason", "go")
        #expect(usual.exitCode != 0, "\(usual.output)")
        #expect(ran().isEmpty)
    }

    @Test("serve goes on with what waited when its window has opened")
    func serves() async throws {
        try configure(Self.closed)
        #expect(try await program.run("run", "own").exitCode == 6)
        let serve = try ServeProcess(program)
        try await serve.says("scheduler ready")
        #expect(ran().isEmpty)
        try configure("during: anytime")
        serve.signal(SIGHUP)
        try await serve.says("reason='its window is open'")
        try await serve.says("run ended")
        #expect(ran() == ["one", "two"])
    }

    @Test("killed in the middle of a window that is over meanwhile, the open change is settled and nothing else starts")
    func killed() async throws {
        try configure("during: anytime")
        var faulty = program
        faulty.environment["MAINSTAY_FAULT"] = "kill:started:afterWrite"
        #expect(try await faulty.run("run", "own").exitCode == nil)
        #expect(ran().isEmpty)
        try configure(Self.closed)
        for _ in 0..<2 {
            let resumed = try await program.run("resume")
            #expect(resumed.exitCode == 6, "\(resumed.output)\(resumed.errors)")
            #expect(ran().isEmpty)
        }
        try configure("during: anytime")
        #expect(try await program.run("resume").exitCode == 0)
        #expect(ran() == ["one", "two"])
    }
}
