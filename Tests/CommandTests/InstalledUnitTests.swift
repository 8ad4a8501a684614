import Maintenance
import MaintenanceTesting
import Outside
import Testing

@testable import Command

@Suite("a unit before it is installed", .temporaryDirectory)
struct InstalledUnitTests {
    private func unit(_ scope: ServiceUnit.Scope, path: String? = "/usr/bin:/bin") -> InstalledUnit {
        InstalledUnit(
            directory: TemporaryDirectory.current, name: "ours", scope: scope,
            programs: Programs(environment: path.map { ["PATH": $0] } ?? [:]))
    }

    @Test("is taken or refused by systemd itself, in its own words", arguments: ServiceUnit.Scope.allCases)
    func verifies(scope: ServiceUnit.Scope) async throws {
        let good = ServiceUnit(
            scope: scope, description: "x", program: ["/bin/sleep", "a b"], environmentFile: "/etc/none")
        #expect(try await unit(scope).verify(good.text) == nil)
        let gone = ServiceUnit(scope: scope, description: "x", program: ["/no/such"], environmentFile: "/etc/none")
        await #expect {
            _ = try await unit(scope).verify(gone.text)
        } throws: { error in
            let problem = ErrorReport(error).problem
            return problem.hasPrefix("systemd does not take the unit: ours.service: ") && problem.contains("/no/such")
        }
    }

    @Test("is not called checked where nobody could ask")
    func isUnchecked() async throws {
        let reason = try await unit(.system, path: "/nowhere").verify("[Unit]")
        #expect(try #require(reason).contains("systemd-analyze"))
    }
}

@Suite("the difference between two texts")
struct LineDifferenceTests {
    @Test(
        "shows what goes and what comes, with two lines around it",
        arguments: [
            ("a\nb\nc\nd\ne\nf\ng", "a\nb\nc\nX\ne\nf\ng", ["  b", "  c", "- d", "+ X", "  e", "  f"]),
            ("a", "a\nb", ["  a", "+ b"]),
            ("a\nb", "b", ["- a", "  b"]),
            (
                "1\n2\n3\n4\n5\n6\n7\n8", "X\n2\n3\n4\n5\n6\n7\nY",
                ["- 1", "+ X", "  2", "  3", "  …", "  6", "  7", "- 8", "+ Y"]
            ),
            ("", "a", ["- ", "+ a"]),
        ])
    func shows(old: String, new: String, lines: [String]) {
        let difference = LineDifference(from: old, to: new)
        #expect(!difference.isEmpty)
        #expect(difference.lines(Style(usesColor: false)) == lines)
    }

    @Test("of equal texts is none")
    func isNone() {
        #expect(LineDifference(from: "a\nb", to: "a\nb").lines(Style(usesColor: false)).isEmpty)
        #expect(LineDifference(from: "a\nb", to: "a\nb").isEmpty)
    }
}
