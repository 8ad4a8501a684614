import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

@testable import Backup

@Suite("the verification ladder", .temporaryDirectory, .cluster, .timeLimit(.minutes(3)))
struct LadderTests {
    private func standings(_ ladder: VerificationLadder) -> [String] {
        ladder.rungs.map { "\($0.kind.rawValue): \($0.standing.rawValue)" }
    }

    private func shell(_ line: String) -> SmokeTest { SmokeTest { _ in ChildProgram.shell(line) } }

    @Test("every rung is climbed, and what was found expires with the certificate")
    func everyRung() async throws {
        let database = TestDatabase.current
        try await database.run("create table orders as select n from generate_series(1, 100) n")
        let shelf = Shelf(database: database)
        let manifest = try await shelf.take()
        let known = try #require(try shelf.folder.backups(key: key).first { _ in true })
        #expect(known.ladder(at: manifest.times.finished).score == "1 of 6")

        var proof = shelf.proof
        proof.assertions = [Assertion("orders", .holds, "select count(*) = 100 from orders")]
        proof.smokeTest = shell(
            "psql \"$DATABASE_URL\" -XqAtc 'delete from orders returning 1' | grep -c 1 | grep -x 100")
        let certificate = try await proof.run(manifest.id)
        #expect(certificate.told == [])
        #expect(certificate.verdict == .proved, "the smoke test comes last and may write")
        #expect(
            standings(certificate.ladder) == [
                "exists: proved", "checksums: proved", "restores: proved", "equality: proved", "assertions: proved",
                "smoke test: proved",
            ])
        #expect(certificate.ladder.score == "6 of 6")
        let later = certificate.countsUntil + .seconds(1)
        #expect(certificate.ladder.standing(at: later, until: certificate.countsUntil).score == "1 of 6")
    }

    @Test("an assertion that fails refutes, by its name, and leaves the other rungs what they are")
    func failedAssertion() async throws {
        let shelf = Shelf()
        let manifest = try await shelf.take()
        var proof = shelf.proof
        proof.assertions = [
            Assertion("first", .holds, "select true"), Assertion("second", .findsNothing, "select 1"),
        ]
        let certificate = try await proof.run(manifest.id)
        #expect(certificate.verdict == .refuted)
        #expect(certificate.told == ["assertion second: it found 1 row"])
        #expect(certificate.ladder.score == "4 of 6")
        #expect(certificate.ladder.rungs[4].standing == .failed)
        #expect(certificate.ladder.rungs[4].evidence == "1 of 2 do not: second")
        #expect(certificate.ladder.rungs[3].standing == .proved)
    }

    @Test(
        "a smoke test that fails refutes with its last words, and one that cannot start leaves the proof open",
        arguments: [
            ("echo the cart is empty >&2; exit 3", Certificate.Verdict.refuted, "the cart is empty"),
            ("kill -9 $$", .refuted, "signal 9"),
        ])
    func failedSmokeTest(line: String, verdict: Certificate.Verdict, words: String) async throws {
        let shelf = Shelf()
        let manifest = try await shelf.take()
        var proof = shelf.proof
        proof.smokeTest = shell(line)
        let certificate = try await proof.run(manifest.id)
        #expect(certificate.verdict == verdict)
        #expect(certificate.told.contains { $0.contains(words) }, "\(certificate.told)")
        #expect(certificate.ladder.rungs.last?.standing == .failed)

        proof.smokeTest = SmokeTest { _ in ChildProgram("/no/such/program") }
        let open = try await proof.run(manifest.id)
        #expect(open.verdict == .unproven)
        #expect(open.gaps.contains { $0.problem.contains("/no/such/program") }, "\(open.told)")
    }
}
