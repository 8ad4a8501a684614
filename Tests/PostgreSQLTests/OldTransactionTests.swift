import Maintenance
import MaintenanceTesting
import PostgreSQL
import Testing

@Suite(.cluster)
struct OldTransactionTests {
    @Test("one that holds a snapshot or a number keeps work without locks from beginning, and can be tried again")
    func refuses() async throws {
        let database = TestDatabase.current
        try await database.connect(.unlimited(applicationName: "holder")) { holder in
            try await holder.executeScript(trusted: "begin isolation level repeatable read; select 1")
            let process = await holder.backendPID
            try await database.connect { connection in
                let session = SurveySession(connection)
                // Nobody is a minute old here.
                try await OldTransaction.refuse(session)
                let error = try await #require(throws: OldTransaction.self) {
                    try await OldTransaction.refuse(session, olderThan: .zero)
                }
                #expect(error.process == process)
                #expect(error.age > .zero)
                #expect(error.isRetryable)
            }
            try await holder.executeScript(trusted: "commit; begin; select 1")
            try await database.connect { connection in
                // It holds nothing that anybody would wait for.
                try await OldTransaction.refuse(SurveySession(connection), olderThan: .zero)
            }
            try await holder.executeScript(trusted: "commit")
        }
    }
}
