import Maintenance
import Outside

/// The climb of a ladder: what a rung finds, with its time; after the first that fails, or cannot be had, the rest is not
/// looked at where it rests on it.
struct Climb: Sendable {
    enum Result: Sendable {
        case proved(String)
        /// Each in one clause, the first the most telling. Hostile text.
        case failed([String])
        /// Why it cannot be found out here.
        case notPossible(String)
    }

    let clock: WallClock
    private var found: [VerificationLadder.Kind: VerificationLadder.Rung] = [:]
    private(set) var isOver = false

    /// Of a physical backup.
    fileprivate static let kinds: [VerificationLadder.Kind] = [
        .exists, .checksums, .continuity, .restores, .structure, .equality, .assertions, .smokeTest,
    ]
    /// What a team may write, and why it was not looked at where it did not.
    private static let unwritten: [VerificationLadder.Kind: String] = [
        .assertions: "none are written under 'backups.assertions'",
        .smokeTest: "none is written under 'backups.smoke-test'",
    ]
    /// What the rungs above rest on: where one of these cannot be had, nothing above it can.
    private static let bearing: Set<VerificationLadder.Kind> = [.exists, .checksums, .continuity, .restores]
    /// Most problems that one rung names.
    private static let most = 8

    init(clock: WallClock) { self.clock = clock }

    mutating func rung(_ kind: VerificationLadder.Kind, _ look: () async throws -> Result) async throws {
        guard !isOver else { return }
        let began = clock.monotonic()
        let result = try await look()
        note(kind, result, (clock.monotonic() - began).inSeconds)
        if case .notPossible = result, Self.bearing.contains(kind) { isOver = true }
    }

    /// Ends the climb at a rung.
    mutating func end(_ kind: VerificationLadder.Kind, _ result: Result) {
        note(kind, result, nil)
        isOver = true
    }

    /// A rung that nothing rests on, so that it does not end the climb.
    mutating func note(_ kind: VerificationLadder.Kind, _ result: Result, _ seconds: Double?) {
        let standing: VerificationLadder.Standing
        let evidence: String
        switch result {
        case .proved(let text): (standing, evidence) = (.proved, text)
        case .failed(let problems):
            let more = problems.count > Self.most ? "; and \(problems.count - Self.most) more" : ""
            (standing, evidence) = (.failed, problems.prefix(Self.most).joined(separator: "; ") + more)
            isOver = true
        case .notPossible(let reason): (standing, evidence) = (.notPossible, reason)
        }
        found[kind] = .init(kind, standing, at: clock.now(), seconds: seconds, evidence: evidence)
    }

    var ladder: VerificationLadder {
        VerificationLadder(
            Self.kinds.map { kind in
                if let rung = found[kind] { return rung }
                if kind == .equality, !isOver {
                    return .init(
                        kind, .notPossible,
                        evidence: "there is no standby to hold it against ('standby' under 'backups.physical')")
                }
                let hasFailed = found.values.contains { $0.standing == .failed }
                let below = hasFailed ? "a rung below it does not hold" : "a rung below it could not be had here"
                return .init(
                    kind, .notLooked, evidence: isOver ? below : Self.unwritten[kind] ?? "not come to")
            })
    }
}

extension VerificationLadder {
    /// Of a physical backup that nobody has proved.
    package static var unclimbed: VerificationLadder {
        VerificationLadder(Climb.kinds.map { Rung($0, .notLooked, evidence: "it was never proved") })
    }
}
