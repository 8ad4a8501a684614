import Foundation
import Testing

/// A directory of the test's own, removed when it ends: `TemporaryDirectory.current`.
package struct TemporaryDirectoryTrait: TestTrait, SuiteTrait, TestScoping {
    package var isRecursive: Bool { true }

    package func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("mainstay-test-\(UUID().uuidString.prefix(13))", isDirectory: true).path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await TemporaryDirectory.$path.withValue(path) { try await function() }
    }
}

package enum TemporaryDirectory {
    @TaskLocal fileprivate static var path: String?

    /// The absolute path, without a trailing slash; only inside a test that carries `.temporaryDirectory`.
    package static var current: String {
        guard let path else {
            preconditionFailure("a test uses TemporaryDirectory without the .temporaryDirectory trait")
        }
        return path
    }
}

extension Trait where Self == TemporaryDirectoryTrait {
    package static var temporaryDirectory: Self { Self() }
}
