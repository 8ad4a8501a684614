import Maintenance

/// Writes events as an iCalendar file (RFC 5545): instants in UTC, so that no VTIMEZONE is needed.
package struct ICalendarWriter {
    package struct Event: Sendable {
        /// The same for the same occurrence, so that a calendar that is read again changes and does not double it.
        package var uid: String
        package var start: Timestamp
        /// Nil for what is a moment.
        package var end: Timestamp?
        package var summary: String
        package var description: String

        package init(uid: String, start: Timestamp, end: Timestamp? = nil, summary: String, description: String) {
            self.uid = uid
            self.start = start
            self.end = end
            self.summary = summary
            self.description = description
        }
    }

    private let name: String
    private let events: [Event]
    private let writtenAt: Timestamp

    package init(name: String, events: [Event], writtenAt: Timestamp) {
        self.name = name
        self.events = events
        self.writtenAt = writtenAt
    }

    /// Lines end in CR LF and have at most 75 bytes.
    package var text: String {
        var lines = [
            "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Mainstay//\(Self.escaped(Release.name))//EN",
            "CALSCALE:GREGORIAN",
            "METHOD:PUBLISH", "X-WR-CALNAME:\(Self.escaped(name))",
        ]
        for event in events {
            lines += [
                "BEGIN:VEVENT", "UID:\(Self.escaped(event.uid))", "DTSTAMP:\(Self.time(writtenAt))",
                "DTSTART:\(Self.time(event.start))",
            ]
            if let end = event.end { lines.append("DTEND:\(Self.time(end))") }
            lines += [
                "SUMMARY:\(Self.escaped(event.summary))", "DESCRIPTION:\(Self.escaped(event.description))",
                "TRANSP:TRANSPARENT", "END:VEVENT",
            ]
        }
        lines.append("END:VCALENDAR")
        return lines.map(Self.folded).joined()
    }

    /// `20261122T020000Z`
    private static func time(_ time: Timestamp) -> String {
        let civil = CivilTime(time)
        return "\(civil.year.padded(4))\(civil.month.padded(2))\(civil.day.padded(2))T"
            + "\(civil.hour.padded(2))\(civil.minute.padded(2))\(civil.second.padded(2))Z"
    }

    /// RFC 5545, 3.3.11. Other controls cannot stand in a text and become their visible form.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case ";": result += "\\;"
            case ",": result += "\\,"
            case "\n": result += "\\n"
            case _ where scalar.value < 0x20 || scalar.value == 0x7f:
                result += String(scalar).printable.replacingBytes(of: "\\", with: "\\\\")
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// RFC 5545, 3.1: at most 75 bytes a line without its end, never within a character.
    private static func folded(_ line: String) -> String {
        var result = ""
        var width = 0
        for scalar in line.unicodeScalars {
            let size = UTF8.width(scalar)
            if width + size > 75 {
                result += "\r\n "
                width = 1
            }
            result.unicodeScalars.append(scalar)
            width += size
        }
        return result + "\r\n"
    }
}
