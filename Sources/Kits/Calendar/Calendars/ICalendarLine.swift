import Maintenance

/// One content line of an iCalendar file, folded lines put together (RFC 5545, 3.1).
struct ICalendarLine {
    /// Upper case.
    var name: String
    /// By upper-case names; quotes taken off.
    var parameters: [String: String]
    var value: String
    /// Of the file, from 1: where it begins.
    var number: Int

    /// A clause and a line.
    struct Broken: Error {
        var reason: String
        var line: Int?
    }

    static func all(in bytes: [UInt8]) throws(Broken) -> [ICalendarLine] {
        var lines: [(bytes: [UInt8], number: Int)] = []
        var number = 0
        for piece in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            let line = piece.last == UInt8(ascii: "\r") ? piece.dropLast() : piece
            if let first = line.first, first == UInt8(ascii: " ") || first == UInt8(ascii: "\t"), !lines.isEmpty {
                // By bytes, since a fold may stand within a character.
                lines[lines.count - 1].bytes += line.dropFirst()
            } else if !line.isEmpty {
                lines.append((Array(line), number))
            }
        }
        var result: [ICalendarLine] = []
        for line in lines { result.append(try read(line.bytes, line.number)) }
        return result
    }

    private static func read(_ bytes: [UInt8], _ number: Int) throws(Broken) -> ICalendarLine {
        guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
            throw Broken(reason: "this is not UTF-8 text", line: number)
        }
        var rest = text.unicodeScalars[...]
        func take(until ends: Set<Unicode.Scalar>) -> String {
            let taken = rest.prefix { !ends.contains($0) }
            rest = rest[taken.endIndex...]
            return String(String.UnicodeScalarView(taken))
        }
        // A byte order mark may stand before the first line.
        if number == 1, rest.first == "\u{feff}" { rest = rest.dropFirst() }
        let name = take(until: [";", ":"]).uppercased()
        var parameters: [String: String] = [:]
        while rest.first == ";" {
            rest = rest.dropFirst()
            let key = take(until: ["=", ":", ";"]).uppercased()
            guard rest.first == "=" else {
                throw Broken(reason: "the parameter '\(key.printable)' has no value", line: number)
            }
            rest = rest.dropFirst()
            var value = ""
            while let first = rest.first, first != ";", first != ":" {
                if first == "\"" {
                    rest = rest.dropFirst()
                    value += take(until: ["\""])
                    guard rest.first == "\"" else { throw Broken(reason: "a quote has no end", line: number) }
                    rest = rest.dropFirst()
                } else {
                    value += take(until: ["\"", ";", ":"])
                }
            }
            parameters[key] = value
        }
        guard rest.first == ":", !name.isEmpty else {
            throw Broken(reason: "this is no line of iCalendar", line: number)
        }
        return ICalendarLine(
            name: name, parameters: parameters, value: String(String.UnicodeScalarView(rest.dropFirst())),
            number: number)
    }
}
