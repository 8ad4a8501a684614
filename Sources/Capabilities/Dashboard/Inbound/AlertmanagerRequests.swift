import Alert
import Command
import Engine
import Maintenance
import Settings
import Web

/// `POST /api/v2/alerts`, as Prometheus and whatever else speaks to an Alertmanager sends it (Alertmanager, OpenAPI of the API
/// v2, "postAlerts"): alerts of others go the way of our own, with the same routes, silences and channels.
enum AlertmanagerRequests {
    /// For how long one counts that does not say when it ends ("resolve_timeout").
    static let timeout: Duration = .seconds(300)
    private static let most = 1_000
    /// Of one alert, with all its names and texts, in bytes.
    static let largest = 8_192
    private static let longestName = 128
    private static let longestLabel = 1_024
    /// Whose token brought an alert: what others say can be told from what Mainstay says, and nobody can say it.
    static let sourceLabel = "source"

    static func post(_ visit: Visit) async throws -> WebResponse {
        guard let json = JSONValue(visit.request.body) else { throw Refusal.malformed("the body is no JSON") }
        guard let list = json.array else {
            throw Refusal.malformed("the body is \(json.kind) and not a list of alerts")
        }
        guard list.count <= most else { throw Refusal.malformed("there are more than \(most) alerts in one request") }
        let alerts = try list.enumerated().map { try alert($0.element, at: $0.offset, visit) }
        // Taken and told to nobody would be worse than refused.
        guard alerts.isEmpty || visit.site.inventory.alerts != nil else {
            throw Refusal.conflict("the configuration has no 'alerts', so that nobody would be told")
        }
        let left = try await visit.site.log.take(alerts)
        guard left == 0 else {
            throw Refusal.busy(
                "\(left) alerts were not taken, because too many are open already, or they are too large")
        }
        return WebResponse(200)
    }

    private static func alert(_ json: JSONValue, at place: Int, _ visit: Visit) throws -> OutsideAlert {
        func wrong(_ name: String, _ detail: String) -> Refusal {
            .members([Refusal.Member(pointer: "/\(place)/\(name)", detail: detail, hint: nil)])
        }
        guard json.object != nil else { throw wrong("", "\(json.kind) stands where an alert is needed") }
        var labels = try texts(json["labels"], "labels", wrong)
        guard !labels.isEmpty else { throw wrong("labels", "an alert is known by its labels, and there are none") }
        for (name, value) in labels.sorted(by: { $0.key < $1.key }) {
            guard isLabelName(name) else {
                let shown = String(name.prefix(longestName)).printable
                throw wrong("labels", "'\(shown)' is no name: letters, digits and '_', at most \(longestName)")
            }
            guard value.utf8.count <= longestLabel else {
                throw wrong("labels/\(name)", "it is longer than \(longestLabel) bytes")
            }
        }
        guard labels[sourceLabel] == nil else {
            throw wrong("labels/\(sourceLabel)", "this label says whose token it was; leave it out ('labeldrop')")
        }
        // What Prometheus calls its alerts is what ours are called by, and nothing else is.
        labels[Labels.Name.alert] = labels["alertname"]
        guard labels[Labels.Name.alert]?.isEmpty == false else {
            throw wrong("labels", "the label 'alertname' is missing")
        }
        labels[sourceLabel] = visit.visitor?.account.name
        if let severity = labels[Labels.Name.severity], Severity(rawValue: severity) == nil {
            // Words of others for ours, as far as everybody means the same by them.
            let meaning: [String: Severity] = ["page": .critical, "error": .critical, "warn": .warning, "none": .info]
            if let known = meaning[severity.lowercased()] { labels[Labels.Name.severity] = known.rawValue }
        }
        let environment = labels[Labels.Name.environment] ?? ""
        guard visit.grants.may(.operator, in: environment) else {
            throw wrong(
                "labels/environment",
                environment.isEmpty
                    ? "without it the token needs the role operator everywhere"
                    : "the token may not bring alerts of that environment")
        }
        let starts = try time(json["startsAt"], "startsAt", wrong)
        let ends = try time(json["endsAt"], "endsAt", wrong)
        // Of one that is over it need not be said when it began.
        if let starts, let ends, ends < starts { throw wrong("endsAt", "it ends before it starts") }
        var annotations = try texts(json["annotations"], "annotations", wrong)
        // What to type is only ever said by Mainstay itself.
        annotations["mend"] = nil
        if annotations["summary"] == nil {
            annotations["summary"] = annotations["description"] ?? annotations["message"]
        }
        if let address = json["generatorURL"]?.text, !address.isEmpty { annotations["source"] = address }
        let alert = OutsideAlert(
            labels: Labels(labels), annotations: annotations, endsAt: ends ?? visit.now + timeout,
            source: visit.visitor?.account.name ?? "")
        guard alert.bytes <= largest else { throw wrong("", "it is larger than \(largest) bytes") }
        return alert
    }

    /// Prometheus, "Data model": `[a-zA-Z_][a-zA-Z0-9_]*`.
    private static func isLabelName(_ name: String) -> Bool {
        func isLetter(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || byte == UInt8(ascii: "_")
        }
        guard let first = name.utf8.first, name.utf8.count <= longestName, isLetter(first) else { return false }
        return name.utf8.allSatisfy { isLetter($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    private static func texts(
        _ json: JSONValue?, _ name: String, _ wrong: (String, String) -> Refusal
    ) throws -> [String: String] {
        guard let json, json != .null else { return [:] }
        guard let object = json.object, object.count <= 64 else {
            throw wrong(name, "it is no object of at most 64 texts")
        }
        return try object.mapValues { value in
            guard let text = value.text, text.utf8.count <= largest else {
                throw wrong(name, "a value is no text of at most \(largest) bytes")
            }
            return text
        }
    }

    /// Nil where it says nothing, which Prometheus writes as the year 1.
    private static func time(
        _ json: JSONValue?, _ name: String, _ wrong: (String, String) -> Refusal
    ) throws -> Timestamp? {
        guard let json, json != .null else { return nil }
        guard let text = json.text, let time = Timestamp(rfc3339: text) else {
            throw wrong(name, "it is no time such as 2026-11-22T14:03:00Z")
        }
        return time.seconds <= 0 ? nil : time
    }
}

extension Timestamp {
    /// As RFC 3339 writes times, with a zone and up to nine digits of a second.
    init?(rfc3339 text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes.count <= 40 else { return nil }
        var zone = Duration.zero
        var plain = text
        if bytes.last == UInt8(ascii: "Z") || bytes.last == UInt8(ascii: "z") {
            plain.removeLast()
        } else {
            let end = text.suffix(6)
            let digits = end.dropFirst().split(separator: ":").compactMap { Int($0) }
            guard let sign = end.first, sign == "+" || sign == "-", digits.count == 2, digits[0] < 24, digits[1] < 60
            else { return nil }
            let seconds = (digits[0] * 60 + digits[1]) * 60
            zone = .seconds(sign == "+" ? seconds : -seconds)
            plain.removeLast(6)
        }
        let halves = plain.split(separator: ".", omittingEmptySubsequences: false)
        guard halves.count <= 2, halves[0].utf8.count == 19 else { return nil }
        let date = String(halves[0]).replacingBytes(of: " ", with: "T").uppercased()
        // No clock of a program that sends alerts is in the year 1: it is how Go writes that there is none.
        if date.hasPrefix("0001-") {
            self.init(seconds: 0)
            return
        }
        let fraction = halves.count == 2 ? halves[1].prefix(6) : ""
        guard fraction.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        let text = fraction.isEmpty ? "\(date)Z" : "\(date).\(fraction)Z"
        guard let local = Timestamp(iso8601: text) else { return nil }
        self = local - zone
    }
}
