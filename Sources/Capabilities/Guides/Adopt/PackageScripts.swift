import Foundation
import Guide
import Maintenance

/// The `scripts` of a package.json, changed without touching a byte of the rest.
struct PackageScripts {
    private(set) var text: String
    /// By name, as npm would read them.
    private(set) var scripts: [(name: String, value: String)] = []
    /// The object, its braces included; nil where there is none.
    private var object: Range<Int>?
    /// Each member from its name to the end of its value.
    private var members: [(name: String, value: String, range: Range<Int>)] = []
    private var bytes: [UInt8] { Array(text.utf8) }

    /// - Throws: `AdoptError` where it is no JSON object, or its scripts are no texts.
    init(_ text: String, path: String) throws {
        self.text = text
        if let mistake = JSONReading.mistake(in: text, line: 1) {
            throw AdoptError.noPackage(path, reason: "line \(mistake.line): \(mistake.text)")
        }
        struct Package: Decodable { var scripts: [String: String]? }
        let read: Package
        do {
            read = try JSONDecoder().decode(Package.self, from: Data(text.utf8))
        } catch {
            throw AdoptError.noPackage(path, reason: "it is no object whose 'scripts' are texts, or it has comments")
        }
        scan()
        scripts = members.map { ($0.name, $0.value) }
        guard scripts.count == read.scripts?.count ?? 0 else {
            throw AdoptError.noPackage(path, reason: "a script stands in it twice")
        }
    }

    /// What npm would make of a new file.
    static let empty = "{\n  \"private\": true,\n  \"scripts\": {}\n}\n"

    func value(of name: String) -> String? { scripts.first { $0.name == name }?.value }

    /// With each of these scripts as it is to be; nil for one that is to go.
    func setting(_ changes: [(name: String, value: String?)]) -> String {
        var kept: [(name: String, line: String)] = members.map { ($0.name, slice($0.range)) }
        for (name, value) in changes {
            let line = value.map { "\(name.yamlQuoted): \($0.yamlQuoted)" }
            if let index = kept.firstIndex(where: { $0.name == name }) {
                if let line { kept[index].line = line } else { kept.remove(at: index) }
            } else if let line {
                kept.append((name, line))
            }
        }
        let indent = indentation
        let inner = kept.map { "\(indent)\(indent)\($0.line)" }.joined(separator: ",\n")
        let whole = kept.isEmpty ? "{}" : "{\n\(inner)\n\(indent)}"
        let all = bytes
        if let object {
            return String(decoding: all[..<object.lowerBound], as: UTF8.self) + whole
                + String(decoding: all[object.upperBound...], as: UTF8.self)
        }
        guard !kept.isEmpty, let close = all.lastIndex(of: UInt8(ascii: "}")) else { return text }
        let before = String(decoding: all[..<close], as: UTF8.self)
        let trimmed = String(before.reversed().drop { $0.isWhitespace }.reversed())
        let comma = trimmed.hasSuffix("{") ? "" : ","
        return "\(trimmed)\(comma)\n\(indent)\"scripts\": \(whole)\n" + String(decoding: all[close...], as: UTF8.self)
    }

    private func slice(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    /// Of the first member.
    private var indentation: String {
        for line in text.split(separator: "\n").dropFirst() {
            let blanks = line.prefix { $0 == " " || $0 == "\t" }
            if !blanks.isEmpty, line.dropFirst(blanks.count).first == "\"" { return String(blanks) }
        }
        return "  "
    }

    /// Finds the members of the outermost `scripts`. The text is known to be JSON.
    private mutating func scan() {
        let all = bytes
        var index = 0
        var depth = 0
        var names: [(text: String, begin: Int, end: Int, depth: Int)] = []
        var inside = false
        while index < all.count {
            switch all[index] {
            case UInt8(ascii: "\""):
                let begin = index
                index += 1
                while all[index] != UInt8(ascii: "\"") { index += all[index] == UInt8(ascii: "\\") ? 2 : 1 }
                index += 1
                let raw = String(decoding: all[begin..<index], as: UTF8.self)
                let text = (try? JSONDecoder().decode([String].self, from: Data("[\(raw)]".utf8)))?.first ?? raw
                names.append((text, begin, index, depth))
                if inside, depth == 2, names.count % 2 == 0 {
                    let name = names[names.count - 2]
                    members.append((name.text, text, name.begin..<index))
                }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                if depth == 2, all[index] == UInt8(ascii: "{"), let last = names.last, last.depth == 1,
                    last.text == "scripts", isName(last.end, all), object == nil
                {
                    inside = true
                    names = []
                    object = index..<index
                }
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if inside, depth == 2, let begin = object?.lowerBound {
                    inside = false
                    object = begin..<(index + 1)
                }
                depth -= 1
            default: break
            }
            index += 1
        }
    }

    /// Whether a colon follows.
    private func isName(_ end: Int, _ all: [UInt8]) -> Bool {
        all[end...].first { !" \t\r\n".utf8.contains($0) } == UInt8(ascii: ":")
    }
}
