import Maintenance
import Testing

@Suite("units")
struct UnitsTests {
    @Test(
        "a size is read in powers of 1,024",
        arguments: [
            ("100M", 104_857_600), ("1.5G", 1_610_612_736), ("512 KiB", 524_288), ("42", 42), ("7B", 7),
        ] as [(String, Int64)])
    func readsSizes(text: String, bytes: Int64) {
        #expect(ByteCount(text)?.bytes == bytes)
    }

    @Test("what is no size is refused", arguments: ["", "M", "1X", "-1", "1e9", "1 2", "99999999999T"])
    func refusesSizes(text: String) {
        #expect(ByteCount(text) == nil)
    }

    @Test(
        "a duration is read and written in its shortest form",
        arguments: [
            ("5m", "5m"), ("90s", "90s"), ("1h30m", "90m"), ("7d", "7d"), ("30 days", "30d"), ("250ms", "250ms"),
        ])
    func readsDurations(text: String, canonical: String) {
        #expect(Duration(text)?.canonical == canonical)
    }

    @Test("what is no duration is refused", arguments: ["", "5", "m", "12mo", "5x", "1h-3m"])
    func refusesDurations(text: String) {
        #expect(Duration(text) == nil)
    }

    @Test(
        "a period of months ends on a day that exists",
        arguments: [
            ("1mo", "2026-03-31T10:00:00.000000Z", "2026-02-28T10:00:00.000000Z"),
            ("12mo", "2024-02-29T00:00:00.000000Z", "2023-02-28T00:00:00.000000Z"),
            ("7y", "2026-11-21T00:00:00.000000Z", "2019-11-21T00:00:00.000000Z"),
            ("7d", "2026-01-03T00:00:00.000000Z", "2025-12-27T00:00:00.000000Z"),
        ])
    func countsMonths(period: String, end: String, start: String) throws {
        let end = try #require(Timestamp(iso8601: end))
        #expect(try #require(Period(period)).before(end).iso8601 == start)
    }

    @Test(
        "an instant survives its text", arguments: [0, -1, 1_795_219_200_123_456, -62_135_596_800_000_000] as [Int64])
    func roundTripsInstants(microseconds: Int64) {
        let timestamp = Timestamp(microseconds: microseconds)
        #expect(Timestamp(iso8601: timestamp.iso8601) == timestamp)
    }

    @Test(
        "what is no instant of the calendar is none, however many digits it has",
        arguments: [
            "999999999-1-1T1:1:1Z", "9999999999999999999-01-01T00:00:00Z", "999999999-01-01T00:00:00Z",
            "2026-1-1T1:1:1Z", "2026-11-21T02:00:00.+1Z", "2026-11-21T02:00:00.Z", "2026-11-21T02:00:00",
            "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T00:60:00Z",
            "-026-11-21T00:00:00Z", "2026-11-21T00:00:00.1.2Z", "", "Z",
        ])
    func refusesInstants(text: String) {
        #expect(Timestamp(iso8601: text) == nil)
    }

    @Test("the fraction of a second may be missing, short, or longer than is kept")
    func readsFractions() throws {
        let whole = try #require(Timestamp(iso8601: "2026-11-21T02:00:00Z"))
        #expect(Timestamp(iso8601: "2026-11-21 02:00:00.5Z") == whole + .milliseconds(500))
        #expect(Timestamp(iso8601: "2026-11-21T02:00:00.123456789Z") == whole + .microseconds(123_456))
        #expect(try #require(Timestamp(iso8601: "9999-12-31T23:59:59.999999Z")) > whole)
    }

    @Test("control and reordering characters cannot reach a terminal")
    func printsHostileText() {
        #expect("a\u{1b}[2Jb\u{202e}c\nd".printable == "a\\u{1b}[2Jb\\u{202e}c\\nd")
        #expect("é 漢 😀".printable == "é 漢 😀")
    }

    @Test("the status that matters most wins")
    func combinesStatuses() {
        #expect(ExitStatus.combined([.findings, .unreachable, .failure]) == .failure)
        #expect(ExitStatus.combined([.findings, .configuration, .usage]) == .usage)
        #expect(ExitStatus.combined([.success, .findings]) == .findings)
        #expect(ExitStatus.combined([]) == .success)
    }
}
