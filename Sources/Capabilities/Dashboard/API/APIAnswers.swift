import Command
import Foundation
import Maintenance
import Settings
import Web

extension WebResponse {
    /// JSON with its members in the order of their names: equal for equal data, so that its digest is its tag.
    init(_ status: Int = 200, json value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        self.init(status, Array(try encoder.encode(value)), type: "application/json")
        // Kept by whoever asked, and asked about each time.
        set("Cache-Control", "private, no-cache")
    }
}

extension Visit {
    /// The body as an object with no members but these.
    func members(_ known: [String]) throws(Refusal) -> [String: JSONValue] {
        let type = request[header: "content-type"]?.lowercased().split(separator: ";").first?.trimmingWhitespace()
        guard request.body.isEmpty || type == "application/json" else {
            throw .malformed("the body is not said to be JSON ('Content-Type: application/json')")
        }
        guard !request.body.isEmpty else { return [:] }
        guard let json = JSONValue(request.body) else { throw .malformed("the body is no JSON") }
        guard let members = json.object else { throw .malformed("the body is \(json.kind) and not an object") }
        let unknown = members.keys.filter { !known.contains($0) }.sorted()
        guard unknown.isEmpty else {
            throw .members(
                unknown.map { name in
                    Refusal.Member(
                        pointer: "/\(Self.pointer(name))", detail: "there is no member '\(name.printable)' here",
                        hint: nearest(to: name, among: known).map { "Did you mean '\($0)'?" })
                })
        }
        return members
    }

    /// One token of a JSON pointer (RFC 6901, 3).
    static func pointer(_ name: String) -> String {
        name.replacingBytes(of: "~", with: "~0").replacingBytes(of: "/", with: "~1")
    }

    /// A text of the body.
    func text(_ name: String, in members: [String: JSONValue], most: Int = 1_000) throws(Refusal) -> String? {
        guard let value = members[name], value != .null else { return nil }
        guard let text = value.text else { throw wrong(name, "\(value.kind) stands where a text is needed") }
        guard text.utf8.count <= most * 4, text.count <= most else { throw wrong(name, "it is longer than \(most)") }
        let trimmed = text.trimmingWhitespace()
        return trimmed.isEmpty ? nil : trimmed
    }

    func wrong(_ name: String, _ detail: String) -> Refusal {
        .members([Refusal.Member(pointer: "/\(Self.pointer(name))", detail: "'\(name)': \(detail)", hint: nil)])
    }

    /// A number behind the question mark.
    func number(_ name: String, _ range: ClosedRange<Int>, standard: Int) throws(Refusal) -> Int {
        guard let text = request.query[name] else { return standard }
        guard let number = Int(text), range.contains(number) else {
            throw .unusable("'\(name)' is a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// The environment somebody wants to see alone; nil for all they may see.
    func chosenEnvironment() throws(Refusal) -> String? {
        guard let name = request.query["environment"] else { return nil }
        guard site.inventory[environment: name] != nil, sees(name) else { throw .notFound }
        return name
    }

    /// One page of a list that is held in memory. A cursor is the place of the last item, so that what comes and goes moves
    /// no other item from page to page.
    func page<Item, Document: Codable & Sendable>(
        _ items: [Item], place: (Item) -> String, _ document: (Item) throws -> Document
    ) throws -> WebResponse {
        let most = try number("limit", 1...200, standard: 50)
        let after = try request.query["cursor"].map { text throws(Refusal) in try Self.place(of: text) }
        let placed = items.map { (place: place($0), item: $0) }.sorted { $0.place < $1.place }
        let rest = placed.filter { entry in after.map { entry.place > $0 } ?? true }
        let shown = rest.prefix(most)
        let next = rest.count > most ? shown.last.map { Self.cursor(of: $0.place) } : nil
        return try answer(try shown.map { try document($0.item) }, next: next)
    }

    func answer<Document: Codable & Sendable>(_ items: [Document], next: String?) throws -> WebResponse {
        var response = try WebResponse(json: PageDocument(items: items, next: next))
        if let next {
            var query = request.query
            query["cursor"] = next
            let text = query.sorted { $0.key < $1.key }.map { "\($0.key.urlComponent)=\($0.value.urlComponent)" }
            response.set("Link", "<\(request.location)?\(text.joined(separator: "&"))>; rel=\"next\"")
        }
        return response
    }

    static func cursor(of place: String) -> String {
        Data(place.utf8).base64EncodedString().replacingBytes(of: "+", with: "-").replacingBytes(of: "/", with: "_")
            .replacingBytes(of: "=", with: "")
    }

    static func place(of cursor: String) throws(Refusal) -> String {
        let plain = cursor.replacingBytes(of: "-", with: "+").replacingBytes(of: "_", with: "/")
        guard cursor.utf8.count <= 2_000,
            let data = Data(base64Encoded: plain + String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4)),
            let text = String(data: data, encoding: .utf8)
        else { throw .unusable("'cursor' is none that a page gave as 'next'") }
        return text
    }
}
