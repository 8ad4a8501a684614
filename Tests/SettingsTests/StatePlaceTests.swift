import Foundation
import MaintenanceTesting
import Testing

@testable import Settings

/// What is still certain of a configuration that cannot be used.
@Suite("the rest of a broken configuration", .temporaryDirectory)
struct StatePlaceTests {
    private func rest(_ text: String, _ more: [String: String] = [:]) throws -> Inventory? {
        let directory = TemporaryDirectory.current
        try text.write(toFile: "\(directory)/mainstay.yaml", atomically: true, encoding: .utf8)
        if !more.isEmpty {
            try FileManager.default.createDirectory(
                atPath: "\(directory)/mainstay.d", withIntermediateDirectories: true)
        }
        for (name, text) in more {
            try text.write(toFile: "\(directory)/mainstay.d/\(name)", atomically: true, encoding: .utf8)
        }
        return reader.rest(of: "\(directory)/mainstay.yaml")
    }

    @Test("the place of the state and the names of environments are read where the rest is wrong")
    func readsThem() throws {
        let found = try #require(
            try rest(
                """
                state: /var/lib/other
                environments: { test: { nonsense: 1 }, live: {} }
                routines: 7
                """))
        #expect(found.stateDirectory == "/var/lib/other")
        #expect(found.environments.map(\.name) == ["test", "live"])
        #expect(found.routines.isEmpty)
    }

    @Test("where a file is no YAML, its line about the state still counts")
    func readsLines() throws {
        let found = try #require(try rest("state: '/srv/state' # ours\nenvironments: {test: [\n"))
        #expect(found.stateDirectory == "/srv/state")
        #expect(try #require(try rest("environments: {test: [\n")).stateDirectory == nil)
    }

    @Test("further files count too")
    func readsFurther() throws {
        let found = try #require(
            try rest("environments: {test: {}}\n", ["a.yaml": "state: /srv/a\nenvironments: {live: {}}\n"]))
        #expect(found.stateDirectory == "/srv/a")
        #expect(found.environments.map(\.name) == ["test", "live"])
    }

    @Test("a place that is not understood, or that stands there twice, is none")
    func refuses() throws {
        #expect(try rest("state: [a]\nenvironments: {}\n") == nil)
        #expect(try rest("state: /a\n", ["a.yaml": "state: /b\n"]) == nil)
        #expect(reader.rest(of: TemporaryDirectory.current + "/none.yaml") == nil)
    }
}
