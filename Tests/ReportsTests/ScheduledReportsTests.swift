import Maintenance
import Settings
import Testing

@testable import Reports

@Suite("routines that send reports")
struct ScheduledReportsTests {
    @Test("every entry is a routine, whose step is read back as the words that were meant")
    func yaml() {
        let routines = ScheduledReports([
            .init(name: "r", description: "a \"b\"", schedule: "daily 08:00", steps: ["report daily", "health check"])
        ])
        #expect(
            routines.yaml == """
                routines:
                  r:
                    description: "a \\"b\\""
                    schedule: "daily 08:00"
                    steps:
                      - "report daily"
                      - "health check"

                """)
    }

    @Test(
        "a kind, a period and a format each become options",
        arguments: [
            (
                ReportKind.daily, ReportKind.daily, ReportScheduleFile.Format.email, false,
                "report daily --without-attachment --no-email --email-to=a@b.c"
            ),
            (.performance, .weekly, .html, false, "report performance --since=7d --no-email --email-to=a@b.c"),
            (
                .monthly, .monthly, .pdf, true,
                "report monthly --detailed --trend-analysis --as=pdf --no-email --email-to=a@b.c"
            ),
            (.backup, .quarterly, .csv, true, "report backup --since=92d --as=csv --no-email --email-to=a@b.c"),
        ])
    func steps(
        kind: ReportKind, period: ReportKind, format: ReportScheduleFile.Format, isComprehensive: Bool, step: String
    ) {
        let entry = ReportScheduleFile.Entry(
            name: "x", kind: kind, period: period, isComprehensive: isComprehensive, schedule: "daily 08:00",
            recipients: ["a@b.c"], format: format)
        #expect(ScheduledReports.step(entry) == step)
    }

    @Test("an address with a quote in it stays one")
    func quotes() {
        let entry = ReportScheduleFile.Entry(
            name: "x", kind: .daily, period: .daily, isComprehensive: false, schedule: "daily 08:00",
            recipients: ["o'brien@b.c", "o'neil@b.c"], format: .html)
        #expect(ScheduledReports.step(entry).hasSuffix(#"--email-to='o'\''brien@b.c,o'\''neil@b.c'"#))
    }
}
