@testable import Calendar
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Testing

@Suite("time zones")
struct ZoneTests {
    /// Later versions gave names such as WET other rules before 1997. Those that Foundation, whose zones come out of its own ICU, knows too.
    private static let names = zones.names.filter { Foundation.TimeZone(identifier: $0) != nil }

    @Test("every zone has the offsets that Foundation's own data has, every twelve days from 1997 to 2037")
    func offsetsAgree() throws {
        #expect(Self.names.count > 400)
        var compared = 0
        for name in Self.names {
            let zone = try zones.zone(name)
            let other = try foundationZone(name)
            for time in stride(from: 852_076_800, to: 2_145_916_800, by: 12 * 86_400 + 3_607) {
                compared += 1
                let wanted = other.secondsFromGMT(for: Date(timeIntervalSince1970: Double(time)))
                guard zone.offset(at: time) == wanted else {
                    Issue.record("\(name) at \(time): \(zone.offset(at: time)), and Foundation has \(wanted)")
                    break
                }
            }
        }
        #expect(compared > 400_000)
    }

    @Test(
        "rules go on for ever as the footer says",
        arguments: [
            ("Europe/Berlin", "2150-07-01T12:00:00Z", 7_200), ("Europe/Berlin", "2150-01-01T12:00:00Z", 3_600),
            ("America/New_York", "2500-07-01T12:00:00Z", -14_400),
            ("Australia/Lord_Howe", "2450-01-01T12:00:00Z", 39_600),
            ("Asia/Kolkata", "2999-01-01T00:00:00Z", 19_800), ("EST5EDT", "2300-07-04T00:00:00Z", -14_400),
        ])
    func goesOn(name: String, time: String, offset: Int) throws {
        #expect(try zones.zone(name).offset(at: at(time).wholeSeconds) == offset)
    }

    @Test(
        "a wall time stands for the first instant at which the clock shows it or a later one",
        arguments: [
            "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia", "Antarctica/Troll",
            "America/Sao_Paulo",
        ])
    func wallTimes(name: String) throws {
        let zone = try zones.zone(name)
        let other = try foundationZone(name)
        var change = Date(timeIntervalSince1970: 852_076_800)
        var count = 0
        while let next = other.nextDaylightSavingTimeTransition(after: change),
            next.timeIntervalSince1970 < 1_330_000_000
        {
            change = next
            count += 1
            let begin = Int(next.timeIntervalSince1970) - 30 * 3_600
            var first: [Int: Int] = [:]
            var reached = begin + other.secondsFromGMT(for: Date(timeIntervalSince1970: Double(begin)))
            for time in stride(from: begin, to: begin + 60 * 3_600, by: 60) {
                let wall = time + other.secondsFromGMT(for: Date(timeIntervalSince1970: Double(time)))
                while reached < wall {
                    reached += 60
                    first[reached] = time
                }
            }
            for (wall, instant) in first { #expect(zone.instant(ofWall: wall) == instant, "\(name) \(wall)") }
        }
        #expect(count > 3)
    }

    @Test("summer time all year, days by number and hours beyond the day are understood")
    func footers() throws {
        let always = try #require(ZoneFooter("XXX3EDT4,0/0,J365/23"))
        #expect(always.changes(of: 2030).first?.period.offset == -14_400)
        #expect(always.changes(of: 2030).last?.at == always.changes(of: 2031).first?.at)
        let greenland = try #require(ZoneFooter("<-02>2<-01>,M3.5.0/-1,M10.5.0/0"))
        #expect(
            greenland.changes(of: 2026).map(\.at)
                == [at("2026-03-29T01:00:00Z"), at("2026-10-25T01:00:00Z")].map(\.wholeSeconds))
        #expect(
            ZoneFooter("CET-1CEST,M3.5.0/2,J301")?.changes(of: 2028).last?.at == at("2028-10-28T00:00:00Z").wholeSeconds
        )
        for wrong in [
            "", "CET", "CE-1", "CET-1CEST", "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.5.0,M10.5.0x", "CET-1,x",
            "CET-99",
        ] {
            #expect(ZoneFooter(wrong) == nil, "\(wrong)")
        }
    }

    @Test(
        "a zone that is not there is an error with the nearest name",
        arguments: [
            ("Europe/Berln", "Europe/Berlin"), ("europe/berlin", "Europe/Berlin"), ("Berlin", "Europe/Berlin"),
            ("../passwd", nil), ("/etc/passwd", nil), ("Europe", nil), ("", nil), ("US/../UTC", nil), ("zone.tab", nil),
        ] as [(String, String?)])
    func unknownZones(name: String, near: String?) {
        let error = #expect(throws: CalendarError.self) { try zones.zone(name) }
        if let near { #expect(error?.hint == "Did you mean '\(near)'?") }
        #expect(error?.exitStatus == .configuration)
    }

    @Test("TZDIR is kept, a file is read again when it changes, and UTC needs none", .temporaryDirectory)
    func directories() throws {
        let directory = TemporaryDirectory.current
        let own = ZoneDirectory(environment: ["TZDIR": directory])
        #expect(try own.zone("UTC").offset(at: 0) == 0)
        #expect(throws: CalendarError.self) { try own.zone("Europe/Berlin") }
        func copy(_ name: String) throws {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(try #require(zones.path))/\(name)"))
            try bytes.write(to: URL(fileURLWithPath: "\(directory)/Home"), options: .atomic)
        }
        try copy("Asia/Tokyo")
        #expect(try own.zone("Home").offset(at: 0) == 9 * 3_600)
        try copy("Asia/Kolkata")
        #expect(try own.zone("Home").offset(at: 0) == 19_800)
        #expect(own.names == ["Home", "UTC"])
    }

    @Test("a file that is no zone, or a part of one, is refused with the reason", .temporaryDirectory)
    func brokenFiles() throws {
        let whole = Array(try Data(contentsOf: URL(fileURLWithPath: "\(try #require(zones.path))/Europe/Berlin")))
        for length in stride(from: 0, to: whole.count, by: 7) {
            #expect(throws: ZoneFile.Broken.self) { try ZoneFile.read(Array(whole.prefix(length)), name: "x") }
        }
        #expect(try ZoneFile.read(whole, name: "x").periods == zones.zone("Europe/Berlin").periods)
        let own = ZoneDirectory(environment: ["TZDIR": TemporaryDirectory.current])
        for (text, reason) in [
            ("# tzdb", "is no compiled time zone"), ("TZif1" + String(repeating: "\0", count: 60), "version 1"),
        ] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(TemporaryDirectory.current)/Home"))
            let error = #expect(throws: CalendarError.self) { try own.zone("Home") }
            #expect(error?.problem.contains(reason) == true, "\(error?.problem ?? "")")
        }
        // Any byte may be wrong; it may be refused or not, and must not end the process.
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<200 {
            var bytes = whole
            for _ in 0..<3 {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            if let zone = try? ZoneFile.read(bytes, name: "x") {
                _ = zone.instant(ofWall: zone.offset(at: 2_000_000_000))
            }
        }
    }
}
