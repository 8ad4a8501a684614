import Foundation
import GRDB

/// Tells whether anything was written since one asked last, whichever process wrote it, for the price of a look into
/// shared memory.
///
/// A connection of its own, because `PRAGMA data_version` of a connection counts what *others* commit (SQLite, "Pragma
/// statements"); the numbers mean nothing but that they differ.
package final class StoreVersion: Sendable {
    private let queue: DatabaseQueue

    package init(of store: Store) throws {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.label = "mainstay.version"
        queue = try DatabaseQueue(path: store.directory + "/mainstay.sqlite", configuration: configuration)
    }

    package func read() async throws -> Int64 {
        try await queue.writeWithoutTransaction { try Int64.fetchOne($0, sql: "PRAGMA data_version") ?? 0 }
    }
}
