import Foundation
import Maintenance
import MaintenanceTesting
import Settings
import Testing

@Suite("a guide's schedule of reports", .temporaryDirectory)
struct ReportScheduleFileTests {
    private func file(_ text: String) throws -> String {
        let path = TemporaryDirectory.current + "/schedule.json"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    @Test("the guide's own file is read as written")
    func guide() throws {
        let schedule = try ReportScheduleFile(
            reading: file(
                """
                // maintenance-reports-schedule.json
                {
                  "reports": {
                    "daily_health": {"frequency": "daily", "time": "08:00",
                      "recipients": ["admin-team@company.com"], "format": "email"},
                    "weekly_performance": {"frequency": "weekly", "day": "monday", "time": "09:00",
                      "recipients": ["dev-team@company.com", "management@company.com"], "format": "html"},
                    "monthly_comprehensive": {"frequency": "monthly", "day": 1, "time": "10:00",
                      "recipients": ["management@company.com", "stakeholders@company.com"], "format": "pdf"}
                  }
                }
                """))
        #expect(schedule.entries.map(\.kind) == [.daily, .performance, .monthly])
        #expect(schedule.entries.map(\.schedule) == ["daily 08:00", "weekly Monday 09:00", "monthly day 1 10:00"])
        #expect(schedule.entries.map(\.format) == [.email, .html, .pdf])
        #expect(schedule.entries.map(\.isComprehensive) == [false, false, true])
        #expect(schedule.entries[1].recipients == ["dev-team@company.com", "management@company.com"])
    }

    @Test(
        "what cannot be honoured is refused, with its place",
        arguments: [
            (#"{"reports": {"a": {"frequency": "hourly", "recipients": ["a@b.c"]}}}"#, "frequency"),
            (#"{"reports": {"a": {"frequency": "daily", "time": "25:00", "recipients": ["a@b.c"]}}}"#, "time of day"),
            (#"{"reports": {"a": {"frequency": "daily", "recipients": ["nobody"]}}}"#, "mail address"),
            (#"{"reports": {"a": {"frequency": "daily"}}}"#, "recipients"),
            (
                #"{"reports": {"weekly_security": {"frequency": "weekly", "recipients": ["a@b.c"]}}}"#,
                "not supported yet"
            ),
            (#"{"report": {}}"#, "report"), (#"{"reports": {}}"#, "no schedule of reports"),
        ])
    func refuses(text: String, words: String) throws {
        let path = try file(text)
        let error = #expect(throws: ConfigurationError.self) { try ReportScheduleFile(reading: path) }
        #expect(error?.problems.contains { $0.line.contains(words) } == true, "\(error?.problems.map(\.line) ?? [])")
    }

    @Test("recipients stand alone or below their key, as lists or by kind")
    func recipients() throws {
        let some = try ReportRecipientsFile(reading: file(#"{"recipients": {"daily": ["a@b.c"], "all": "d@e.f"}}"#))
        #expect(some.recipients.everyone(.daily) == ["a@b.c", "d@e.f"])
        #expect(some.recipients.everyone(.weekly) == ["d@e.f"])
        #expect(some.yaml.contains("reports:\n  recipients:\n"))
        let list = try ReportRecipientsFile(reading: file(#"["a@b.c"]"#))
        #expect(list.recipients.all == ["a@b.c"])
        let path = try file(#"{"dayly": ["a@b.c"]}"#)
        #expect(throws: ConfigurationError.self) { try ReportRecipientsFile(reading: path) }
    }
}
