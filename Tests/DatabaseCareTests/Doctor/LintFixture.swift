import Maintenance
import MaintenanceTesting
import PostgreSQL
import Testing

@testable import DatabaseCare

/// A database with one trouble and with what is near to it and none: exactly `found` has to be found.
struct LintFixture: Sendable, CustomTestStringConvertible {
    var code: String
    /// Scripts one after the other, each a transaction of its own.
    var setup: [StaticString]
    /// The objects as people read them; `DATABASE` is the database's own name.
    var found: Set<String>
    /// What has to go before the database can be dropped.
    var teardown: StaticString?
    var version: TestServer

    init(
        _ code: String, _ setup: StaticString..., finds found: Set<String>, teardown: StaticString? = nil,
        version: TestServer = .v15
    ) {
        self.code = code
        self.setup = setup
        self.found = found
        self.teardown = teardown
        self.version = version
    }

    var testDescription: String { code }
}

extension LintLimits {
    /// For tables of a few hundred rows.
    static let small: LintLimits = {
        var limits = LintLimits()
        limits.leastBytes = 0
        limits.leastRows = 100
        limits.manyRows = 1_000
        limits.manyWrites = 50
        limits.businessCycle = .microseconds(1)
        return limits
    }()
}

extension TestDatabase {
    /// What one lint finds here.
    func hits(
        _ code: String, _ limits: LintLimits = .small, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> [LintHit] {
        let lint = try #require(LintCatalogue.lint(code), sourceLocation: sourceLocation)
        return try await connect(.unlimited()) { connection in
            let examination = try await Doctor(lints: [lint], limits: limits).examine(
                SurveySession(connection), now: Timestamp(microseconds: 1_800_000_000_000_000))
            #expect(examination.gaps.isEmpty, sourceLocation: sourceLocation)
            let answer = try #require(examination.answers.first, sourceLocation: sourceLocation)
            #expect(answer.total == answer.hits.count, sourceLocation: sourceLocation)
            return answer.hits
        }
    }
}
