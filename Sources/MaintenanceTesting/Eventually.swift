import Outside

/// Asks every few milliseconds until there is an answer; a test that would wait for ever fails after two minutes.
package func eventually<Answer>(
    isolation: isolated (any Actor)? = #isolation, _ what: String, _ question: () async throws -> Answer?
) async throws -> Answer {
    let clock = WallClock.system
    let begin = clock.monotonic()
    while clock.monotonic() - begin < .seconds(120) {
        if let answer = try await question() { return answer }
        try await clock.sleep(for: .milliseconds(2))
    }
    throw NeverHappened(what: what)
}

/// Asks every few milliseconds until it is so; a test that would wait for ever fails after two minutes.
package func eventually(
    isolation: isolated (any Actor)? = #isolation, _ what: String, _ condition: () async throws -> Bool
) async throws {
    _ = try await eventually(what) { try await condition() ? true : nil } as Bool
}

package struct NeverHappened: Error, CustomStringConvertible {
    var what: String

    package var description: String { "it never came that \(what)" }
}
